"""PROJECTIONS, the one list of what is made of which facts."""

from pathlib import Path

from contracts.events import product, web
from contracts.streams import FAMILIES
from projections.projector.projection import Projection
from projections.read_models import actions, hits, runs, subjects, telemetry, visits

_MIGRATIONS = Path(__file__).parent / "migrations"
_FAMILY = {family.name: family for family in FAMILIES}

WEB = Projection(
    name="web",
    family=_FAMILY["web"],
    facts=web.FACTS,
    models=(hits.MODEL, visits.MODEL),
    migrations=_MIGRATIONS / "web",
)

PRODUCT = Projection(
    name="product",
    family=_FAMILY["product"],
    facts=product.FACTS,
    models=(actions.MODEL, subjects.MODEL, runs.MODEL, telemetry.MODEL),
    migrations=_MIGRATIONS / "product",
)

PROJECTIONS: tuple[Projection, ...] = (WEB, PRODUCT)
