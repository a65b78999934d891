"""Names of countries and languages, and flags."""

from projections.dashboard.words import LOCALE

_FIRST_FLAG_LETTER = 0x1F1E6
_CODE_LETTERS = 2


def country_name(code: str) -> str:
    """Return the usual name, or *code* itself when there is no country of that code."""
    return str(LOCALE.territories.get(code, code)) if len(code) == _CODE_LETTERS else code


def language_name(code: str) -> str:
    """Return the usual name, or *code* itself when there is no language of that code."""
    return str(LOCALE.languages.get(code, code))


def codes_called(text: str) -> tuple[str, ...]:
    """Return the codes of the countries whose usual name contains *text*, in whatever case."""
    wanted = text.casefold()
    names = ((str(code), str(name)) for code, name in LOCALE.territories.items() if len(str(code)) == _CODE_LETTERS)
    return tuple(code for code, name in names if wanted in name.casefold())


def languages_called(text: str) -> tuple[str, ...]:
    """Return the codes of the languages whose usual name contains *text*, in whatever case."""
    wanted = text.casefold()
    return tuple(str(code) for code, name in LOCALE.languages.items() if wanted in str(name).casefold())


def letters(flag: str) -> str:
    """Return the two letters that a flag is spelt with."""
    return "".join(chr(ord(letter) - _FIRST_FLAG_LETTER + ord("A")) for letter in flag)


def flag(code: str) -> str:
    """Return the flag of a country or of a region's country as an emoji, "" where there is none."""
    letters = code.partition("-")[0]
    if len(letters) != _CODE_LETTERS or not letters.isascii() or not letters.isalpha():
        return ""
    return "".join(chr(_FIRST_FLAG_LETTER + ord(letter) - ord("A")) for letter in letters.upper())
