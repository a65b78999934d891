"""Precedence: how long those who do not hold the day's salt wait for those who may, before they make one."""

from datetime import timedelta
from typing import Final

# How often whoever holds a salt makes sure that the bucket has it still.
LOOK_SECONDS: Final = 1.0
# Whoever has not looked for so long was frozen, or starved, and may have missed that another took its place.
STALE_SECONDS: Final = 3.0
# Longer than a holder takes to notice that the bucket is empty: a look (1 s) that hangs until it is given up (1 s), and a new
# connection, for which one address may swallow an attempt (2 s). A STALE one has stopped using what it holds by then.
PRECEDENCE: Final = timedelta(seconds=5)
NOBODY_ELSE: Final = timedelta(0)


class Wait:
    """The wait of one process at an empty bucket: it begins anew with another day, and whenever the view was interrupted."""

    def __init__(self, span: timedelta) -> None:
        self._span = span.total_seconds()
        self._day: object = None
        self._since = 0.0
        self._seen = 0.0

    def is_over(self, day: object, *, began: float, now: float) -> bool:
        """Say whether the bucket has been seen without the salt of *day* for long enough, this look, which *began*, included.

        However long the looks take, between them nothing may go unseen.
        """
        if self._day != day or began - self._seen > STALE_SECONDS:
            self._day, self._since = day, now
        self._seen = now
        return now - self._since >= self._span

    def interrupt(self) -> None:
        """Begin anew: what was seen so far may be true no longer."""
        self._day = None
