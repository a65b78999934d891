"""Derived salts, for those who migrate: the Flowcore seed's, which follow from a secret and the date."""

from datetime import UTC, datetime

from collector.privacy.visitor import Salt, derived_salt


class DerivedSalts:
    """The Flowcore seed's salts, for those who migrate: whoever has the secret can compute every day's again."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._held: Salt | None = None

    def held(self, at: datetime) -> Salt:
        """Return the salt of the UTC day of *at*."""
        day = at.astimezone(UTC).date()
        if self._held is None or self._held.day != day:
            self._held = derived_salt(day, self._secret)
        return self._held

    async def of(self, at: datetime) -> Salt:
        """Return the salt of the UTC day of *at*."""
        return self.held(at)

    async def rotate(self) -> None:
        """Do nothing: the salt follows from the date."""

    async def recheck(self) -> None:
        """Do nothing: whoever has the secret has the same salt."""

    async def watch(self) -> None:
        """Do nothing: there is no bucket that could lose it."""

    def rotated_at(self) -> datetime | None:
        """Return the day's midnight: nothing random ever happens here."""
        return None if self._held is None else datetime.combine(self._held.day, datetime.min.time(), UTC)
