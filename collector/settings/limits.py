"""Limits: how much may be sent, by whom and for what; each a number of events a minute and how many of them at once."""

from typing import Annotated

from collector.settings.declaration import Group, Setting
from collector.settings.parsers import whole_number

_PER_MINUTE = whole_number(0, 100_000_000)
_AT_ONCE = whole_number(1, 100_000_000)


class Limits(Group, frozen=True, kw_only=True):
    """What each ingest process takes; the rate 0 is no limit."""

    address: Annotated[
        int,
        Setting(
            "COLLECTOR_LIMIT_ADDRESS",
            "1200",
            _PER_MINUTE,
            "events a minute from one public address (IPv6: a /64) without a secret key; 0 means no limit",
        ),
    ]
    address_burst: Annotated[
        int,
        Setting("COLLECTOR_LIMIT_ADDRESS_BURST", "1000", _AT_ONCE, "how many of them may come at once; a batch has up to 1000"),
    ]
    key: Annotated[int, Setting("COLLECTOR_LIMIT_KEY", "60000", _PER_MINUTE, "events a minute with one key; 0 means no limit")]
    key_burst: Annotated[int, Setting("COLLECTOR_LIMIT_KEY_BURST", "3000", _AT_ONCE, "how many of them may come at once")]
    site: Annotated[
        int,
        Setting(
            "COLLECTOR_LIMIT_SITE",
            "60000",
            _PER_MINUTE,
            "events a minute for one site in one ingest process, so that none takes it from the others; 0 means no limit",
        ),
    ]
    site_burst: Annotated[int, Setting("COLLECTOR_LIMIT_SITE_BURST", "3000", _AT_ONCE, "how many of them may come at once")]
