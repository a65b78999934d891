"""Decisions about sessions: started for a member who has joined, and ended."""

from datetime import datetime

from collector.control.checked import known_member, known_session, moment
from collector.control.decided import Decided, conflict, not_found
from collector.control.journal import Journal, Seen
from contracts.control.people import (
    Member,
    MemberState,
    Session,
    SessionEnded,
    SessionStarted,
    member_id,
    session_id,
)


class Sessions:
    """The commands about sessions, each named by the SHA-256 of what its cookie says."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def start(self, digest: str, *, member: str, expires_at: datetime, by: str) -> Decided[Session]:
        """Let the browser whose cookie has the SHA-256 *digest* be signed in for *member*, by their short id."""
        stamp = self._journal.stamp(by)
        found: Member = self._journal.known(member_id(known_member(member)))[1]
        if found.state is not MemberState.JOINED:
            raise not_found("member")
        seen: Seen[Session] = self._journal.look(session_id(known_session(digest)))
        if seen.thing is not None:
            raise conflict("There is a session of this digest already. Draw another.")
        until = moment("expires_at", expires_at, after=stamp.at)
        return self._journal.record(seen, SessionStarted(**seen.head(stamp), member=member, expires_at=until))

    def find(self, digest: str) -> Session:
        """Return a session, ended or not."""
        session: Session = self._journal.known(session_id(known_session(digest)))[1]
        return session

    def end(self, digest: str, *, by: str) -> Decided[Session]:
        """Sign the browser out."""
        seen: Seen[Session]
        session: Session
        seen, session = self._journal.known(session_id(known_session(digest)))
        if session.is_ended:
            return seen.unchanged(session)
        return self._journal.record(seen, SessionEnded(**seen.head(self._journal.stamp(by))))
