"""Measures the table of sources on a copy of referers.yml: `python -m tests.collector.privacy.enrich.measure FILE`."""

import sys
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # a tool of the development group, which has no types

from collector.privacy.enrich.sources import SourceKind, Sources

_KINDS = {
    "email": {SourceKind.EMAIL},
    "social": {SourceKind.SOCIAL},
    "search": {SourceKind.SEARCH, SourceKind.AI},
    "paid": {SourceKind.ADS, SourceKind.AFFILIATES},
    "chatbot": {SourceKind.AI},
}


def main(file: Path) -> None:
    """Say of each medium in *file* how many hosts are known as what they are."""
    sources, listed = Sources(), yaml.safe_load(file.read_text(encoding="utf-8"))
    for medium, kinds in _KINDS.items():
        hosts = [host.partition("/") for provider in listed[medium].values() for host in provider["domains"]]
        found = [sources.find(host, f"/{path}" if path else "") for host, _, path in hosts]
        right = sum(known is not None and known.kind in kinds for known in found)
        sys.stdout.write(f"{medium}: {right} of {len(hosts)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
