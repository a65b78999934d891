"""PROJECTIONS, the one list of what is made of which facts."""

from pathlib import Path

from contracts.events import logs, web
from contracts.streams import FAMILIES
from projections.projector.projection import Projection
from projections.read_models import hits, log_counts, visits
from projections.read_models import logs as log_lines

_MIGRATIONS = Path(__file__).parent / "migrations"
_FAMILY = {family.name: family for family in FAMILIES}

WEB = Projection(
    name="web",
    family=_FAMILY["web"],
    facts=web.FACTS,
    models=(hits.MODEL, visits.MODEL),
    migrations=_MIGRATIONS / "web",
)

LOGS = Projection(
    name="logs",
    family=_FAMILY["logs"],
    facts=logs.FACTS,
    models=(log_lines.MODEL, log_counts.MODEL),
    migrations=_MIGRATIONS / "logs",
)

PROJECTIONS: tuple[Projection, ...] = (WEB, LOGS)
