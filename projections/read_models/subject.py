"""Subject and Stay: what is known of somebody who uses an app, and how two findings become one; order never matters."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from contracts.events import ActionRecorded, Scalar, SubjectDescribed

IDLE = timedelta(minutes=30)

# What is known of a subject is made of these.
SubjectFact: TypeAlias = ActionRecorded | SubjectDescribed


class Told(NamedTuple):
    """A trait as it was told: when, by which fact, which breaks a tie, and what."""

    at: datetime
    id: str
    value: Scalar


class Subject(Struct, frozen=True, kw_only=True):
    """What some facts of one subject amount to: when they were seen, how often, and of each trait what was told last."""

    first_seen: datetime
    last_seen: datetime
    actions: int = 0
    descriptions: int = 0
    traits: Mapping[str, Told] = {}


class Stay(Struct, frozen=True, kw_only=True):
    """A time in which nothing of one subject is more than IDLE from the next; the session that it is called outside."""

    opened_at: datetime
    closed_at: datetime
    actions: int = 0


def subject_of(event: SubjectFact) -> Subject:
    """Return what *event* alone says of its subject."""
    at = event.occurred_at
    match event:
        case ActionRecorded():
            return Subject(first_seen=at, last_seen=at, actions=1)
        case SubjectDescribed(traits=traits):
            told = {name: Told(at, event.id, value) for name, value in traits.items()}
            return Subject(first_seen=at, last_seen=at, descriptions=1, traits=told)


def stay_of(event: SubjectFact) -> Stay:
    """Return the stay that consists of *event* alone."""
    at = event.occurred_at
    return Stay(opened_at=at, closed_at=at, actions=int(isinstance(event, ActionRecorded)))


def join(one: Subject, other: Subject) -> Subject:
    """Return what both amount to."""
    traits = dict(one.traits)
    for name, told in other.traits.items():
        # By time and id alone: values of different types have no order, and one fact tells a trait once.
        if name not in traits or traits[name][:2] < told[:2]:
            traits[name] = told
    return Subject(
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=max(one.last_seen, other.last_seen),
        actions=one.actions + other.actions,
        descriptions=one.descriptions + other.descriptions,
        traits=traits,
    )


def merge(stays: Iterable[Stay]) -> list[Stay]:
    """Return the stays that *stays* of one subject amount to, in order of time; midnight ends none."""
    merged: list[Stay] = []
    for stay in sorted(stays, key=_opened_at):
        if not merged or stay.opened_at - merged[-1].closed_at > IDLE:
            merged.append(stay)
            continue
        last = merged[-1]
        merged[-1] = Stay(
            opened_at=last.opened_at, closed_at=max(last.closed_at, stay.closed_at), actions=last.actions + stay.actions
        )
    return merged


def _opened_at(stay: Stay) -> datetime:
    return stay.opened_at
