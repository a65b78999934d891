"""Where the day's salt comes from: the one interface that the walk knows."""

from datetime import datetime
from typing import Protocol

from collector.privacy.visitor import Salt


class SaltSource(Protocol):
    """Hands out the salt of an instant."""

    def held(self, at: datetime) -> Salt | None:
        """Return the salt for *at* if it is at hand, without waiting."""

    async def of(self, at: datetime) -> Salt:
        """Return the salt for *at*, or raise Unavailable: nothing is ever hashed without one."""

    async def rotate(self) -> None:
        """Take up the new day's salt and destroy the old one, without waiting for a hit."""

    async def recheck(self) -> None:
        """Make sure that this is still the salt that everybody else uses."""

    async def watch(self) -> None:
        """Look after the salt in use for ever, where it could be lost."""

    def rotated_at(self) -> datetime | None:
        """Return when this process took up the salt it holds."""
