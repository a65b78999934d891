"""PROJECTIONS, the one list of what is made of which facts."""

from pathlib import Path

from contracts.events import turns as turn_events
from contracts.events import web
from contracts.streams import FAMILIES
from projections.projector.projection import Projection
from projections.read_models import conversations, hits, journeys, turn_facts, turns, visits, votes

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

PROJECTIONS: tuple[Projection, ...] = (WEB, TURNS)
