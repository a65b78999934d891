"""Minigem: how its telemetry is taken, and over how many days its report goes."""

from typing import Annotated

from collector.settings.declaration import Group, Setting
from collector.settings.parsers import true_or_false, whole_number

MOST_DAYS = 366


class Minigem(Group, frozen=True, kw_only=True):
    """What those decide who come from Minigem."""

    is_strict: Annotated[
        bool,
        Setting(
            "COLLECTOR_MINIGEM_STRICT",
            "false",
            true_or_false,
            "true takes only the ids (32 hex digits) and the events of Minigem's own lists, and no ISO times, as its code did",
        ),
    ]
    stats_days: Annotated[
        int,
        Setting(
            "COLLECTOR_MINIGEM_STATS_DAYS",
            "7",
            whole_number(1, MOST_DAYS),
            "days that /stats of Minigem is about where nobody says from and to; STATS_WINDOW_DAYS there",
        ),
    ]
