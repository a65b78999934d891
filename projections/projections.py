"""PROJECTIONS, the one list of what is made of which facts."""

from pathlib import Path

from contracts.events import product, web
from contracts.events import turns as turn_events
from contracts.streams import FAMILIES
from projections.projector.projection import Projection
from projections.read_models import (
    actions,
    conversations,
    hits,
    journeys,
    runs,
    subjects,
    telemetry,
    turn_facts,
    turns,
    visits,
    votes,
)

_MIGRATIONS = Path(__file__).parent / "migrations"
_FAMILY = {family.name: family for family in FAMILIES}

WEB = Projection(
    name="web",
    family=_FAMILY["web"],
    facts=web.FACTS,
    models=(hits.MODEL, visits.MODEL),
    migrations=_MIGRATIONS / "web",
)

TURNS = Projection(
    name="turns",
    family=_FAMILY["turns"],
    facts=turn_events.FACTS,
    models=(turn_facts.MODEL, turns.MODEL, votes.MODEL, conversations.MODEL, journeys.MODEL),
    migrations=_MIGRATIONS / "turns",
)

PRODUCT = Projection(
    name="product",
    family=_FAMILY["product"],
    facts=product.FACTS,
    models=(actions.MODEL, subjects.MODEL, runs.MODEL, telemetry.MODEL),
    migrations=_MIGRATIONS / "product",
)

PROJECTIONS: tuple[Projection, ...] = (WEB, TURNS, PRODUCT)
