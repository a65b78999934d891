"""The journal of decisions: what a thing is after its events, and how what was decided about it is stored."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, TypedDict, TypeVar

from eventsourcing.application import Application
from eventsourcing.persistence import DataError, IntegrityError, Notification, PersistenceError
from eventsourcing.utils import Environment, EnvType
from msgspec import Struct

from collector.control.checked import check
from collector.control.decided import MOVED, Decided, Lost, Undecided, conflict, invalid, not_found, unavailable
from collector.control.factory import StreamFactory
from collector.control.line import Line
from collector.control.mapper import ContractMapper
from collector.control.recorder import RecorderOnStream, StreamLost, StreamMoved
from contracts.codec import NewerVersion, Undecodable, UnknownType
from contracts.control import Thing, fold
from contracts.control.envelope import ControlEvent, kind_of
from contracts.control.stream import CONTROL_STREAM, ControlStream

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Thing)
_TRIES = 5


class Head(TypedDict):
    """What the envelope of an event says."""

    originator_id: str
    originator_version: int
    at: datetime
    by: str


class Stamp(Struct, frozen=True, kw_only=True):
    """When something is decided, and by whom."""

    at: datetime
    by: str


class Seen(Struct, Generic[T], frozen=True, kw_only=True):
    """A thing as it was found: after which version and at which sequence; its ``thing`` is None where there is none.

    ``is_beyond_us`` says that a newer program decided something about it that this one cannot read.
    """

    id: str
    thing: T | None = None
    version: int = 0
    seq: int = 0
    is_beyond_us: bool = False

    def head(self, stamp: Stamp, number: int = 1) -> Head:
        """Return the envelope of the *number*-th event that is about to be recorded of it."""
        return Head(originator_id=self.id, originator_version=self.version + number, at=stamp.at, by=stamp.by)

    def unchanged(self, thing: T) -> Decided[T]:
        """Return what is decided already."""
        return Decided(seq=self.seq, thing=thing)


class Unreadable(Struct, frozen=True, kw_only=True):
    """An event that cannot be read: where it stands in the stream, and of what it is which version."""

    seq: int
    id: str
    version: int


class Journal(Application[str]):
    """Reads and records decisions through a line to NATS; every call waits, so none belongs on an event loop."""

    def __init__(
        self, line: Line, *, clock: Callable[[], datetime], replicas: int = 1, stream: ControlStream = CONTROL_STREAM
    ) -> None:
        self._factory = StreamFactory(Environment("control"), line, stream, replicas=replicas)
        self._clock = clock
        self.unreadable: dict[int, Unreadable] = {}
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return an empty environment: what the library would read from it is none of our settings."""
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> StreamFactory:  # noqa: ARG002  # the library's interface
        """Return the factory on the stream."""
        return self._factory

    def construct_mapper(self) -> ContractMapper:
        """Return the mapper of contract events."""
        return ContractMapper()

    def stamp(self, by: str) -> Stamp:
        """Return what says that it is decided now, by *by*."""
        return Stamp(at=self._clock(), by=by)

    def look(self, thing_id: str) -> Seen[Any]:
        """Return what is known of a thing, or raise Undecided when NATS is away."""
        try:
            found = self._recorder.notifications_of(thing_id)
        except PersistenceError as error:
            raise _kept_from(error) from error
        return self._seen(thing_id, found)

    def history(self, thing_id: str) -> list[ControlEvent]:
        """Return every event of a thing that can be read, the first of each version; raise Undecided when NATS is away."""
        try:
            found = self._recorder.notifications_of(thing_id)
        except PersistenceError as error:
            raise _kept_from(error) from error
        events: list[ControlEvent] = []
        for notification in found:
            with contextlib.suppress(Undecodable, UnknownType, NewerVersion):
                events.append(self.mapper.to_domain_event(notification))  # type: ignore[arg-type]  # ours
        return events

    def known(self, thing_id: str, expected_version: int | None = None) -> tuple[Seen[Any], Any]:
        """Return a thing that there is; raise Undecided when there is none, or it is at another version than expected."""
        seen = self.look(thing_id)
        if seen.thing is None:
            raise not_found(kind_of(thing_id))
        if expected_version is not None and seen.thing.version != expected_version:
            raise conflict(MOVED)
        return seen, seen.thing

    def things_of(self, kind: str, *, is_wanted: Callable[[str, int], bool] = lambda *_: True) -> list[Seen[Any]]:
        """Return every thing of *kind* whose id and number of versions *is_wanted* takes."""
        try:
            found = self._recorder.notifications_by_thing(kind, is_wanted=is_wanted)
        except PersistenceError as error:
            raise _kept_from(error) from error
        return [self._seen(thing_id, events) for thing_id, events in found.items()]

    def record(self, seen: Seen[T], *events: ControlEvent, beside: tuple[Seen[Any], ...] = ()) -> Decided[T]:
        """Store all *events* or none, and return what *seen* is after its own; *beside* is what the others are about."""
        return self._decide(seen, events, beside=beside, after=None)

    def decide_alone(self, decide: Callable[[], tuple[Seen[T], tuple[ControlEvent, ...]]]) -> Decided[T]:
        """Store what *decide* returns only if nothing at all was decided since it looked; else let it look again.

        For rules about more than one thing, such as that somebody must be left.
        """
        for _ in range(_TRIES):
            after = self._now_at()
            seen, events = decide()
            try:
                return self._decide(seen, events, beside=(), after=after)
            except StreamMoved:
                continue
        raise conflict(MOVED)

    def _seen(self, thing_id: str, found: Sequence[Notification]) -> Seen[Any]:
        """Return what a thing is after the events that were *found* of it."""
        thing, is_beyond_us = None, False
        for notification in found:
            try:
                thing = fold(thing, self.mapper.to_domain_event(notification))  # type: ignore[arg-type]  # ours
            except (Undecodable, UnknownType, NewerVersion) as error:
                self._say(notification, error)
                is_beyond_us = is_beyond_us or not isinstance(error, Undecodable)
        if not found:
            return Seen(id=thing_id)
        last = found[-1]
        return Seen(id=thing_id, thing=thing, version=last.originator_version, seq=last.id, is_beyond_us=is_beyond_us)

    def _decide(
        self, seen: Seen[T], events: tuple[ControlEvent, ...], *, beside: tuple[Seen[Any], ...], after: int | None
    ) -> Decided[T]:
        if any(one.is_beyond_us for one in (seen, *beside)):
            raise unavailable(
                f"A newer version of Collector has decided something about this {kind_of(seen.id)} that this one cannot read. "
                "Decide it there, or upgrade this one."
            )
        for event in events:
            check(event)
        seq = self._stored(events, after) if events else seen.seq
        thing = seen.thing
        for event in events:
            if event.originator_id == seen.id:
                thing = fold(thing, event)  # type: ignore[assignment]  # a thing stays of its kind
        if thing is None:
            raise ValueError("a decision leaves a thing behind")
        return Decided(seq=seq, thing=thing)

    def _stored(self, events: tuple[ControlEvent, ...], after: int | None) -> int:
        try:
            recordings = self.save(*events, after=after)
        except StreamMoved:
            raise
        except IntegrityError:
            raise conflict(MOVED) from None
        except DataError:
            raise invalid("", "That is too much for one decision. Send less at once.") from None
        except PersistenceError as error:
            raise _kept_from(error) from error
        return recordings[-1].notification.id

    def _now_at(self) -> int:
        try:
            return self._recorder.max_notification_id() or 0
        except PersistenceError as error:
            raise _kept_from(error) from error

    def _say(self, notification: Notification, error: ValueError) -> None:
        if notification.id in self.unreadable:
            return
        thing_id, version = str(notification.originator_id), notification.originator_version
        self.unreadable[notification.id] = Unreadable(seq=notification.id, id=thing_id, version=version)
        log.warning(
            "the event at sequence %d of the stream CONTROL cannot be read: %s. It counts for nothing, and all others do. "
            "If a newer version of Collector wrote it, upgrade this one; else decide again what it was to say.",
            notification.id,
            error,
            extra={"kind": kind_of(thing_id)},
        )

    @property
    def _recorder(self) -> RecorderOnStream:
        recorder: RecorderOnStream = self.recorder  # type: ignore[assignment]  # made by our factory
        return recorder


def _kept_from(error: PersistenceError) -> Undecided:
    return Lost(str(error)) if isinstance(error, StreamLost) else unavailable(str(error))
