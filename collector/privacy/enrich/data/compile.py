"""Compile the public referrer lists into the JSON files beside this one; a tool for maintainers (README.md says how)."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml  # type: ignore[import-untyped]  # a tool of the development group, which has no types

_REFERRERS = {"source": "https://github.com/matomo-org/searchengine-and-social-list", "licence": "CC0-1.0"}
_SPAM = {"source": "https://github.com/matomo-org/referrer-spam-list", "licence": "public domain"}


def compile_lists(folder: Path, target: Path, *, referrers: str, spam: str) -> None:
    """Write the lists in *folder* to *target*; *referrers* and *spam* say which versions they are, as ``commit@day``."""
    engines = {
        name: [url for entry in entries for url in entry["urls"]]
        for name, entries in _read(folder / "SearchEngines.yml").items()
    }
    kinds = {
        "ai": _spelled(_read(folder / "AIAssistants.yml")),
        "social": _spelled(_read(folder / "Socials.yml")),
        "search": _spelled(engines),
    }
    hosts = _unique((folder / "referrer_spammers.txt").read_text(encoding="utf-8").split())
    _write(target / "referrers.json", {**_REFERRERS, **_version(referrers), **kinds})
    _write(target / "spam.json", {**_SPAM, **_version(spam), "hosts": hosts})


def _read(path: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def _spelled(names: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {unquote(name): _unique(urls) for name, urls in sorted(names.items())}


def _unique(hosts: Iterable[str]) -> list[str]:
    return sorted({host.lower() for host in hosts})


def _version(text: str) -> dict[str, str]:
    commit, _, day = text.partition("@")
    return {"commit": commit, "day": day}


def _write(path: Path, content: object) -> None:
    # One host a line: a new version of a list is a diff that can be read.
    path.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    source_folder, referrers_version, spam_version = sys.argv[1:]
    compile_lists(Path(source_folder), Path(__file__).parent, referrers=referrers_version, spam=spam_version)
