"""Names and flags of countries, from the public-domain table that comes with the time zones."""

from functools import cache
from importlib.resources import files

_FIRST_FLAG_LETTER = 0x1F1E6
_CODE_LETTERS = 2


def country_name(code: str) -> str:
    """Return the usual English name, or *code* itself when the table does not know it."""
    return _names().get(code, code)


def flag(code: str) -> str:
    """Return the flag of a country or of a region's country as an emoji, "" where there is none."""
    letters = code.partition("-")[0]
    if len(letters) != _CODE_LETTERS or not letters.isascii() or not letters.isalpha():
        return ""
    return "".join(chr(_FIRST_FLAG_LETTER + ord(letter) - ord("A")) for letter in letters.upper())


@cache
def _names() -> dict[str, str]:
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    return dict(line.split("\t", 1) for line in table.splitlines() if line and not line.startswith("#"))
