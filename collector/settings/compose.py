"""The settings that compose.yaml hands on as they are: all but those that it decides, and those that the image decides."""

import re

from collector.settings import SETTINGS

_MARK = "  # The others, as .env or the shell has them (`make generated` writes them).\n"
# Where a container listens and keeps its files; ports are published by compose itself.
_THE_IMAGES_OWN = frozenset({"COLLECTOR_HOST", "COLLECTOR_PORT", "COLLECTOR_PROJECTOR_PORT", "COLLECTOR_DATA"})


def with_settings(text: str) -> str:
    """Return the compose file *text* with every setting handed on that it does not decide above the mark."""
    decided = text.partition(_MARK)[0]
    written = {*re.findall(r"^  (COLLECTOR_\w+):", decided, re.MULTILINE), *_THE_IMAGES_OWN}
    names = [setting.variable for setting in SETTINGS if setting.variable not in written]
    handed = "".join(f"  {name}: ${{{name}:-}}\n" for name in names)
    return re.sub(f"{re.escape(_MARK)}(?:  COLLECTOR_.*\n)*", lambda _: _MARK + handed, text)
