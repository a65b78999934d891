"""Lane: one stream's way out, so that no stream waits for another; where each parcel waits, and how it ends."""

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from collector.outcomes import Unavailable, UnavailableReason
from collector.stream.doubts import CALM_SECONDS, Doubts
from collector.stream.groups import GROUP_EVENTS, LARGE_GROUP, Groups
from collector.stream.lately import OFTEN, ONCE, Lately
from collector.stream.parcel import Parcel
from collector.stream.questions import ASKED_MOST, Questions
from contracts.jetstream import NO_RESPONDERS, NO_ROOM_ON_SERVER, PASSING, REPEAT_IN_BATCH, STREAM_IS_FULL, JetStreamError
from contracts.streams import EventStream

log = logging.getLogger(__name__)

WAITING_EVENTS = 5_000  # what the processor's caches hold: with four times as many, a fifth less is stored
DEADLINE_SECONDS = 1.5  # an answer within two, whatever happens
WAITING_SECONDS = 1.0  # of which this much may pass before it is sent
PAUSE_SECONDS = 0.1  # before what was refused for a moment goes again
WARY_SECONDS = 5.0  # a subject of which a repeat was news to us is asked about for this long
WARY_SUBJECTS = 1_000

FULL_RETRY_SECONDS = 60
FULL_ADVICE: Final = {
    STREAM_IS_FULL: "raise COLLECTOR_STREAM_MAX_BYTES, below what JetStream may use and what the disk has",
    NO_ROOM_ON_SERVER: "give JetStream's max_file_store and the disk room for COLLECTOR_STREAM_MAX_BYTES",
}


class Lane:
    """The parcels for *stream*; whether it is there as it must be, or could not be made; and why it takes nothing, if so.

    ``each_alone`` where the stream has replicas: there it is neither sent groups nor asked questions. ``full`` is what to do
    about it while the stream takes no more. ``answered_at`` and ``missed_at`` are when it last stored something and last left
    somebody without an answer, ``missing_since`` the first time after that.
    """

    def __init__(self, stream: EventStream, number: int, *, lately: Lately, doubts: Doubts) -> None:
        self.stream = stream
        self.number = number
        self.groups = Groups()
        self.questions = Questions()
        self.is_open = False
        self.is_unmade = False
        self.full = ""
        self._full_at = 0.0
        self.held: UnavailableReason | None = None
        self.paused_until = 0.0
        self.answered_at = self.missed_at = self.missing_since = self.opened_at = 0.0
        self.each_alone = False
        self._lately = lately
        self.doubts = doubts
        self._coming: dict[str, Parcel] = {}
        self._wary: dict[str, float] = {}

    def __iter__(self) -> Iterator[Parcel]:
        """Yield every parcel that has no answer yet."""
        yield from self.groups
        yield from self.questions

    def go_alone(self, *, is_wanted: bool) -> None:
        """Send each parcel alone from now on, or in groups."""
        self.each_alone = is_wanted
        self.groups.go_alone(is_wanted=is_wanted)

    def open(self, *, is_full: bool, now: float) -> None:
        """Send from now on: somebody has looked at the stream, and it is as it must be."""
        if is_full:
            self.say_full(STREAM_IS_FULL, now)
        elif self.is_unmade or self.full == FULL_ADVICE[STREAM_IS_FULL] or now - self._full_at > FULL_RETRY_SECONDS:
            self.full = ""  # where its server has no room for more, only after a while
        self.begin(now)
        self.held = None

    def begin(self, now: float) -> None:
        """Send from now on."""
        if not self.is_open:
            self.opened_at = now
        self.is_open, self.is_unmade = True, False

    def refuse_while_closed(self) -> None:
        """Raise Unavailable when a fact for this stream would not be sent, or only wait behind too many others.

        The door lets nobody in behind WAITING_EVENTS, but a batch that is in is sent whole.
        """
        if self.held is not None:
            raise Unavailable(self.held)
        if len(self._coming) < WAITING_EVENTS:  # the others are among them, and this is asked for each fact
            return
        if len(self.groups) + len(self.questions) >= WAITING_EVENTS + GROUP_EVENTS:
            raise Unavailable(UnavailableReason.OVERLOADED, retry_after=1)

    def is_late(self, now: float) -> bool:
        """Say whether whoever comes at *now* would wait too long: as long as the first of those who wait has already."""
        first = self.groups.first
        if first is not None and first.deadline < now + DEADLINE_SECONDS - WAITING_SECONDS:
            return True
        return len(self._coming) >= WAITING_EVENTS and len(self.groups) + len(self.questions) >= WAITING_EVENTS

    def has_news(self) -> bool:
        """Say whether there may be something to send, so that it has to be looked at; answers and time are told otherwise."""
        return self.groups.is_let_go or len(self.groups) >= LARGE_GROUP or self.questions.is_any_waiting

    def may_ask(self, now: float) -> bool:
        """Say whether a question goes out *now*."""
        return self.is_open and self.paused_until <= now and self.questions.is_any_waiting

    def may_send_group(self, now: float) -> bool:
        """Say whether the next group goes out *now*."""
        return self.is_open and self.paused_until <= now and self.groups.may_go(now)

    def take(self, parcel: Parcel, now: float) -> None:
        """Let *parcel* wait where it belongs: with the first of its id, to be asked about, or for the next group."""
        first = self._coming.setdefault(parcel.message_id, parcel)
        if first is not parcel:
            first.tell_others(parcel.outcome)
            return
        times = self._lately.times(parcel.message_id)
        if not times and not self._wary:  # nearly always
            self.groups.add(parcel)
        elif times >= OFTEN:
            self._hold(parcel, now)
        elif not self.each_alone and (times or self._wary.get(parcel.subject, now) > now):
            self.questions.add(parcel)
        else:
            self.groups.add(parcel)

    def _hold(self, parcel: Parcel, now: float) -> None:
        if self.questions.are_too_many:
            del self._coming[parcel.message_id]
            raise Unavailable(UnavailableReason.OVERLOADED, retry_after=1)
        self.questions.hold(parcel, now)

    def store(self, parcel: Parcel, *, duplicate: bool) -> None:
        """Tell whoever sent *parcel* that the stream has it."""
        id_ = parcel.message_id
        if self._coming.get(id_) is parcel:
            del self._coming[id_]
        is_repeat = duplicate or parcel.followers is not None
        self._lately.keep(id_, min(self._lately.times(id_) + 1, OFTEN) if is_repeat else ONCE)
        if self.doubts:
            self.doubts.settle(id_, landed=duplicate)
        parcel.store(duplicate=duplicate)

    def fail(self, parcel: Parcel, reason: UnavailableReason, now: float, *, retry_after: int = 2) -> None:
        """Tell whoever sent *parcel* that it is not confirmed; that it was not stored, where that is certain."""
        if not self._is_coming(parcel):
            return  # told already: the stream was asked what had become of it
        del self._coming[parcel.message_id]
        if not parcel.is_sent:
            parcel.fail(parcel.refusal or reason, retry_after=retry_after)
            return
        if self.missing_since <= self.answered_at:
            self.missing_since = now
        self.missed_at = now
        self._lately.keep(parcel.message_id, max(ONCE, self._lately.times(parcel.message_id)))
        parcel.fail(reason, retry_after=retry_after, fate=partial(self.doubts.fate_of, parcel, now))

    def fail_everything(self, reason: UnavailableReason, now: float, *, retry_after: int = 2) -> None:
        """Tell everybody who waits for this stream that it has not confirmed their facts."""
        for parcel in [*self.groups.clear(), *self.questions.clear()]:
            self.fail(parcel, reason, now, retry_after=retry_after)

    def fail_overdue(self, now: float) -> None:
        """Tell those whose time is up."""
        for parcel in [*self.groups.overdue(now), *self.questions.overdue(now)]:
            self.fail(parcel, UnavailableReason.STREAM_TIMEOUT, now)

    def ask_about_doubts(self, now: float) -> None:
        """Let the stream be asked what became of those whom nobody could tell, once nothing of them can be on its way."""
        if now - self.opened_at < CALM_SECONDS:
            return
        for parcel in self.doubts.due(now, ASKED_MOST // 2):
            if parcel.message_id not in self._coming:
                parcel.deadline = now + DEADLINE_SECONDS
                self.questions.add(parcel)

    def next_question(self, name: str, now: float) -> Parcel | None:
        """Return the next parcel to ask the stream about; where it must not be asked, they go on after their while."""
        while (parcel := self.questions.depart(name, now)) is not None and self.each_alone:
            self.questions.arrive(name)
            self.groups.again([parcel])
        return parcel

    def tell(self, parcel: Parcel, *, is_there: bool, now: float) -> None:
        """Go on with *parcel*, of which the stream has said whether it has it."""
        if is_there:
            self._be_wary_of(parcel, now)
            self.store(parcel, duplicate=True)
        elif self._is_coming(parcel):
            self.groups.again([parcel])
        else:
            self.doubts.settle(parcel.message_id, landed=False)

    def refuse(self, group: Sequence[Parcel], error: JetStreamError, now: float) -> bool:
        """Go on with *group*, which was refused and so certainly not stored; say whether the stream has to be looked at."""
        group = [parcel for parcel in group if self._is_coming(parcel)]
        for parcel in group:
            parcel.is_sent = False
        if error.err_code in FULL_ADVICE:
            self.say_full(error.err_code, now)
            for parcel in group:
                self.fail(parcel, UnavailableReason.STREAM_FULL, now, retry_after=FULL_RETRY_SECONDS)
            return False
        if error.err_code in PASSING:
            self._try_again(group, error, now)
            return error.err_code == NO_RESPONDERS
        if error.err_code == REPEAT_IN_BATCH:
            for parcel in group:
                self.questions.add(parcel)
            return False
        if len(group) > 1:
            self.groups.separate(group)  # so that each learns its own answer
            return False
        if not group:
            return False
        log.warning("the stream refused an event", extra={"err_code": error.err_code, "stream": self.stream.name})
        self.fail(group[0], UnavailableReason.STREAM_REFUSED, now)
        return True

    def say_full(self, err_code: int, now: float) -> None:
        """Log, once and not for each of thousands, what to do about a stream that takes no more."""
        if self.full != FULL_ADVICE[err_code]:
            log.error("stream %s takes no more events (error %d): %s", self.stream.name, err_code, FULL_ADVICE[err_code])
        self.full, self._full_at = FULL_ADVICE[err_code], now

    def _is_coming(self, parcel: Parcel) -> bool:
        return self._coming.get(parcel.message_id) is parcel

    def _try_again(self, group: Sequence[Parcel], error: JetStreamError, now: float) -> None:
        is_absent = error.err_code == NO_RESPONDERS
        for parcel in group:
            parcel.refusal = UnavailableReason.STREAM_ABSENT if is_absent else UnavailableReason.STREAM_REFUSED
        self.paused_until = now + PAUSE_SECONDS
        self.groups.again(group)

    def _be_wary_of(self, parcel: Parcel, now: float) -> None:
        """Ask for a while about everything of a subject whose repeats are of what other processes have stored."""
        if self._lately.times(parcel.message_id):
            return
        if len(self._wary) > WARY_SUBJECTS:
            self._wary.clear()
        self._wary[parcel.subject] = now + WARY_SECONDS
