"""The persistence of the library `eventsourcing` on JetStream: a subject for each id and version, which is written once."""

import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    OperationalError,
    StoredEvent,
    Subscription,
)

from collector.control.keeping import KeptControl, keep_control, look_at_control
from collector.control.line import Line, LineClosed, NoAnswer
from collector.control.losing import DecisionsLost
from collector.control.reading import Row, events_of, firsts_of, last_seq, rows_after, subjects_of, versions_of
from collector.control.writing import MOST_IN_A_BATCH, Letter, SomebodyElseWrote, StreamMovedOn, Write
from collector.stream.connection import Connection, StreamDrifted
from contracts.control.loss import IS_MISSING, WHAT_TO_DO
from contracts.control.stream import CONTROL_STREAM, MAX_EVENT_BYTES, ControlStream, subject_of, thing_of
from contracts.jetstream import NO_ROOM_ON_SERVER, STREAM_IS_FULL, JetStreamError

Answer = TypeVar("Answer")
# How late a subscription may learn of what another process wrote.
_WATCH_SECONDS = 0.25
_NO_ROWS: list[Row] = []


class StreamMoved(IntegrityError):
    """Something was decided since the sequence that a decision rests on: look again, and decide again."""


class StreamLost(OperationalError):
    """The stream is another one than before, or knows less than the vault: nothing may be decided on it."""


class AggregateRecorderOnStream(AggregateRecorder):
    """Records events by id and version; of two of one id and version, the first counts."""

    def __init__(self, line: Line, stream: ControlStream = CONTROL_STREAM, *, replicas: int = 1) -> None:
        self._line = line
        self._stream = stream
        self._replicas = replicas
        self._kept: KeptControl | None = None
        self._losses = 0

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Store all of *stored_events* or none."""
        self._insert(stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,  # the library's interface
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return events of one id, in the order of their versions."""
        rows = self._rows_of(str(originator_id), gt=gt, lte=lte, desc=desc, limit=limit)
        return [
            StoredEvent(
                originator_id=originator_id, originator_version=thing_of(row.subject)[1], topic=row.topic, state=row.body
            )
            for row in rows
        ]

    def _rows_of(self, thing_id: str, *, gt: int | None, lte: int | None, desc: bool, limit: int | None) -> list[Row]:
        async def question(client: Connection) -> list[Row]:
            versions = await versions_of(client, self._stream, thing_id)
            wanted = [version for version in versions if (gt is None or version > gt) and (lte is None or version <= lte)]
            wanted = wanted[::-1] if desc else wanted
            return await events_of(client, self._stream, thing_id, wanted[:limit])

        return self._ask(question, nothing=_NO_ROWS)

    def _insert(self, stored_events: Sequence[StoredEvent], *, after: int | None = None) -> list[int]:
        if not stored_events:
            return []
        write = Write(self._stream, [self._letter(event) for event in stored_events], after=after)
        self._refuse(stored_events)
        kept = self._keep()

        async def question(client: Connection) -> list[int]:
            return await write.send(client, is_replicated=kept.is_replicated)

        return self._answered(question)

    def _letter(self, event: StoredEvent) -> Letter:
        subject = subject_of(str(event.originator_id), event.originator_version, root=self._stream.root)
        return Letter(subject=subject, topic=event.topic, body=event.state)

    def _refuse(self, stored_events: Sequence[StoredEvent]) -> None:
        """Refuse what JetStream would take although it must not, or take apart."""
        named = {(str(event.originator_id), event.originator_version) for event in stored_events}
        if len(named) < len(stored_events):
            raise IntegrityError("two events of one id and version cannot be recorded together")
        if len(stored_events) > MOST_IN_A_BATCH:
            raise DataError(f"at most {MOST_IN_A_BATCH} events can be recorded together")
        if any(len(event.state) > MAX_EVENT_BYTES - 1024 for event in stored_events):
            raise DataError("an event is larger than the stream takes")

    def _keep(self) -> KeptControl:
        """See to it that the stream is there as it must be, once for each connection."""
        if (held := self._look()) is not None:
            return held
        losses = self._line.losses
        self._kept = self._answered(lambda client: keep_control(client, self._stream, replicas=self._replicas))
        self._losses = losses
        return self._kept

    def _look(self) -> KeptControl | None:
        """Return which stream there is, once for each connection, None where none was ever made."""
        if self._kept is not None and self._losses == self._line.losses:
            return self._kept
        # Another thread may make the stream while we ask: what it found then is newer than our answer.
        kept, losses = self._kept, self._line.losses
        found = self._answered(lambda client: look_at_control(client, self._stream, replicas=self._replicas))
        if kept is not None and _is_another(found, kept):
            raise StreamLost(
                f"the stream {self._stream.name} is another one than before: NATS has lost what was decided; {WHAT_TO_DO}"
            )
        self._kept, self._losses = found, losses
        return found

    def _ask(self, question: Callable[[Connection], Coroutine[Any, Any, Answer]], *, nothing: Answer) -> Answer:
        """Return the answer to *question*, or *nothing* where nothing was ever recorded: to ask makes no stream."""
        return nothing if self._look() is None else self._answered(question)

    def _answered(self, question: Callable[[Connection], Coroutine[Any, Any, Answer]]) -> Answer:
        try:
            return self._line.ask(question)
        except SomebodyElseWrote:
            raise IntegrityError("one of the versions is recorded already") from None
        except StreamMovedOn:
            raise StreamMoved("something was recorded since") from None
        except NoAnswer:
            raise OperationalError("NATS does not answer: whether it was recorded is not known") from None
        except LineClosed:
            raise OperationalError("the connection to NATS was closed") from None
        except DecisionsLost:
            raise StreamLost(f"{IS_MISSING}; {WHAT_TO_DO}") from None
        except StreamDrifted as drifted:
            raise OperationalError(str(drifted)) from drifted
        except JetStreamError as error:
            raise OperationalError(_why(error, self._stream)) from error


class RecorderOnStream(AggregateRecorderOnStream, ApplicationRecorder):
    """Records events in one order, too: a notification's id is its sequence in the stream."""

    def __init__(self, line: Line, stream: ControlStream = CONTROL_STREAM, *, replicas: int = 1) -> None:
        super().__init__(line, stream, replicas=replicas)
        self._listeners: set[threading.Event] = set()

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, after: int | None = None, **_: Any
    ) -> Sequence[int] | None:
        """Store all of *stored_events* or none, and return their sequences.

        Where *after* is given, they are stored only while it is the last sequence; else StreamMoved is raised.
        """
        sequences = self._insert(stored_events, after=after)
        for listener in tuple(self._listeners):
            listener.set()
        return sequences

    def notifications_of(self, thing_id: str) -> list[Notification]:
        """Return every event of a thing, in order, with its sequence."""
        return [_notification(row) for row in self._rows_of(thing_id, gt=None, lte=None, desc=False, limit=None)]

    def notifications_by_thing(
        self, kind: str, *, is_wanted: Callable[[str, int], bool] = lambda *_: True
    ) -> dict[str, list[Notification]]:
        """Return every event of every thing of *kind*, in order, with its sequence, by the thing's id.

        Only of those whose id and number of versions *is_wanted* takes: that much is known before any of them is read.

        All of them are asked for together: one after the other, a few thousand things keep a thread for seconds.
        """

        async def question(client: Connection) -> list[Row]:
            subjects = await subjects_of(client, self._stream, f"{self._stream.root}.{kind}.>")
            versions = Counter(thing_of(subject)[0] for subject in subjects)
            wanted = {thing_id for thing_id, count in versions.items() if is_wanted(thing_id, count)}
            ours = sorted((subject for subject in subjects if thing_of(subject)[0] in wanted), key=thing_of)
            rows = await firsts_of(client, self._stream, ours)
            return [row for row in rows if row is not None]

        found: dict[str, list[Notification]] = {}
        for row in self._ask(question, nothing=_NO_ROWS):
            found.setdefault(thing_of(row.subject)[0], []).append(_notification(row))
        return found

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return events in the order in which they were recorded."""
        after = 0 if start is None else start - inclusive_of_start

        async def question(client: Connection) -> list[Row]:
            return await rows_after(client, self._stream, max(after, 0), until=stop, limit=limit, topics=topics)

        return [_notification(row) for row in self._ask(question, nothing=_NO_ROWS)]

    def max_notification_id(self) -> int | None:
        """Return the last sequence, None when nothing was ever recorded."""
        return self._ask(lambda client: last_seq(client, self._stream), nothing=0) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Return what yields events as they are recorded, by whomever."""
        return _Watch(self, gt=gt, topics=topics)

    def listen(self, listener: threading.Event) -> None:
        """Set *listener* whenever something was recorded here."""
        self._listeners.add(listener)

    def unlisten(self, listener: threading.Event) -> None:
        """Leave *listener* alone from now on."""
        self._listeners.discard(listener)


class _Watch(ListenNotifySubscription[RecorderOnStream]):
    """Is told of what is recorded here, and looks a few times in a second for what others recorded."""

    def __init__(self, recorder: RecorderOnStream, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        recorder.listen(self._has_been_notified)

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                self._pull()
                self._has_been_notified.wait(_WATCH_SECONDS)
        except OperationalError as error:  # raised to whoever iterates
            self._thread_error = error
            self.stop()

    def stop(self) -> None:
        super().stop()
        self._recorder.unlisten(self._has_been_notified)


def _is_another(found: KeptControl | None, kept: KeptControl) -> bool:
    if found is None:
        return True
    return found.created != kept.created and found.acceptance in ("", kept.acceptance)


def _notification(row: Row) -> Notification:
    thing_id, version = thing_of(row.subject)
    return Notification(id=row.seq, originator_id=thing_id, originator_version=version, topic=row.topic, state=row.body)


def _why(error: JetStreamError, stream: ControlStream) -> str:
    if error.err_code in {STREAM_IS_FULL, NO_ROOM_ON_SERVER}:
        return f"the stream {stream.name} has no room: raise JetStream's max_file_store, or free the disk"
    return f"JetStream refused with error {error.err_code}"
