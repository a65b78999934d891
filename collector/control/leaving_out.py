"""Decisions about facts that were set aside: which of them are left out of every number for good."""

from collections.abc import Sequence
from typing import Final

from collector.control.decided import Decided
from collector.control.journal import Journal, Seen
from collector.control.stored_facts import runs_of
from contracts.control.quarantine import FactsLeftOut, StreamOfFacts, quarantine_id

# How many runs of sequences one event holds; who leaves out more says it in several.
MOST_RUNS: Final = 4_000


class LeavingOut:
    """The commands about single facts of a stream of events."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def leave_out(self, stream: str, seqs: Sequence[int], *, by: str) -> list[Decided[StreamOfFacts]]:
        """Leave the facts at *seqs* of *stream* out of every number, for good; the stream goes on holding them."""
        runs = runs_of(sorted(set(seqs)))
        return [self._leave(stream, runs[first : first + MOST_RUNS], by) for first in range(0, len(runs), MOST_RUNS)]

    def _leave(self, stream: str, runs: Sequence[tuple[int, int]], by: str) -> Decided[StreamOfFacts]:
        seen: Seen[StreamOfFacts] = self._journal.look(quarantine_id(stream))
        event = FactsLeftOut(**seen.head(self._journal.stamp(by)), stream=stream, runs=tuple(runs))
        return self._journal.record(seen, event)
