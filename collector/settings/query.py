"""Query: how questions are answered."""

from typing import Annotated

from collector.settings.declaration import Group, Setting
from collector.settings.parsers import whole_number


class Query(Group, frozen=True, kw_only=True):
    """How questions are answered."""

    read_your_write_ms: Annotated[
        int,
        Setting(
            "COLLECTOR_READ_YOUR_WRITE_MS",
            "1000",
            whole_number(0, 10_000),
            "how long an answer in another system's form waits for what was stored just before; 0 means not at all",
        ),
    ]
