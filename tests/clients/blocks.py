"""What a system's README tells its readers to type: its fenced blocks, with our address in place of its own."""

import re
from pathlib import Path

_ADDRESSES = re.compile(r"https?://(?:localhost:\d+|your-domain\.com|telemetry\.yourdomain\.com)")


def blocks_of(readme: Path, language: str, *, having: str, address: str) -> list[str]:
    """Return the blocks in *language* of *readme* that contain *having*, which go to *address*."""
    fenced = re.findall(rf"^[ ]*```{language}\n(.*?)^[ ]*```", readme.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    found = [_ADDRESSES.sub(address, block) for block in fenced if having in block]
    assert found, f"{readme.name} has no block in {language} with {having}: is it at the commit of tests/clients/README.md?"
    return found
