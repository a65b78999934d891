"""PROJECTIONS, the one list of what is made of which facts."""

from pathlib import Path

from contracts.events import logs, product, web, web_v1
from contracts.events import turns as turn_events
from contracts.streams import FAMILIES
from projections.projector.projection import Projection
from projections.read_models import (
    actions,
    conversations,
    dictionaries,
    hits,
    journeys,
    log_counts,
    runs,
    subjects,
    telemetry,
    turn_fact_hours,
    turn_facts,
    turn_subjects,
    turns,
    visits,
    vote_hours,
    votes,
)
from projections.read_models import logs as log_lines
from projections.read_models.rollups import marking as rollups

_MIGRATIONS = Path(__file__).parent / "migrations"
_FAMILY = {family.name: family for family in FAMILIES}

WEB = Projection(
    name="web",
    family=_FAMILY["web"],
    facts=(*web_v1.FACTS, *web.FACTS),
    models=(hits.MODEL, visits.MODEL, rollups.MODEL, dictionaries.MODEL),
    migrations=_MIGRATIONS / "web",
    rolls_up=True,
)

TURNS = Projection(
    name="turns",
    family=_FAMILY["turns"],
    facts=turn_events.FACTS,
    models=(
        turn_facts.MODEL,
        turn_fact_hours.MODEL,
        turns.MODEL,
        votes.MODEL,
        vote_hours.MODEL,
        conversations.MODEL,
        journeys.MODEL,
        turn_subjects.MODEL,
    ),
    migrations=_MIGRATIONS / "turns",
)

PRODUCT = Projection(
    name="product",
    family=_FAMILY["product"],
    facts=product.FACTS,
    models=(actions.MODEL, subjects.MODEL, runs.MODEL, telemetry.MODEL),
    migrations=_MIGRATIONS / "product",
)

LOGS = Projection(
    name="logs",
    family=_FAMILY["logs"],
    facts=logs.FACTS,
    models=(log_lines.MODEL, log_counts.MODEL),
    migrations=_MIGRATIONS / "logs",
)

PROJECTIONS: tuple[Projection, ...] = (WEB, TURNS, PRODUCT, LOGS)
