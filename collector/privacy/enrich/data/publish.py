"""Publish what the id of the lists in use means, in versions.json; a tool for maintainers (README.md says when)."""

import json
from collections.abc import Mapping
from pathlib import Path

from collector.privacy.enrich.lists import id_of, versions_in_use
from collector.privacy.enrich.sources import Sources


def publish(file: Path, versions: Mapping[str, str]) -> None:
    """Add *versions* to *file* under their id; no entry is ever taken away, for facts name it for ever."""
    published = json.loads(file.read_text(encoding="utf-8"))
    published.setdefault(id_of(versions), dict(versions))
    file.write_text(json.dumps(published, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    publish(Path(__file__).with_name("versions.json"), versions_in_use(Sources()))
