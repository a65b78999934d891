"""Remains: what is left of a person once they are forgotten, for the family of the claim to put into its fact."""

from datetime import date

from msgspec import Struct

from collector.privacy.enrich.robot import Verdict
from collector.privacy.identity import NOBODY, Identity
from collector.privacy.props import NOTHING_KEPT
from contracts.events import Device, Evidence, Place


class Remains(Struct, frozen=True, kw_only=True):
    """No address, no user agent, no time zone and no header: families, codes, and a number that dies with the day's salt.

    ``kept`` are the names of the properties that the site's policy has stored as they were sent. ``identity`` says what may be
    stored of the ids and texts in a claim, for families that need it (Kind.needs); for others it is nobody's. Where a family
    needs no salt, there is no visitor, and ``salt_day`` is the day on which the hit was received.
    """

    salt_day: date
    visitor: str
    device: Device
    place: Place
    language: str
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    kept: frozenset[str] = NOTHING_KEPT
    identity: Identity = NOBODY
