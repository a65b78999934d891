"""Control: what the control plane is kept with."""

from pathlib import Path
from typing import Annotated

from collector.settings.declaration import Group, Setting
from collector.settings.parsers import optional_path


class Control(Group, frozen=True, kw_only=True):
    """What the control plane keeps its secrets with."""

    master_key_file: Annotated[
        Path | None,
        Setting(
            "COLLECTOR_MASTER_KEY_FILE",
            "",
            optional_path,
            "the file of the key that members' names, passwords and other secrets are kept under, without which they are lost: "
            "keep a copy with your backup; empty means master.key in COLLECTOR_DATA",
        ),
    ]
