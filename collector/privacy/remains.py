"""Remains: what is left of a person once they are forgotten, for the family of the claim to put into its fact."""

from datetime import date
from typing import Final

from msgspec import Struct

from collector.privacy.enrich.robot import Verdict
from contracts.events import Device, Evidence, Place

NOTHING_KEPT: Final[frozenset[str]] = frozenset()


class Remains(Struct, frozen=True, kw_only=True):
    """No address, no user agent, no time zone and no header: families, codes, and a number that dies with the day's salt.

    ``kept`` are the names of the properties that the site's policy has stored as they were sent.
    """

    salt_day: date
    visitor: str
    device: Device
    place: Place
    language: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    kept: frozenset[str] = NOTHING_KEPT
