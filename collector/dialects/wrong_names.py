"""Names that a caller got wrong: an empty one, and a field that is called nearly as one of ours."""

from collections.abc import Iterable
from typing import Final

import msgspec

from collector.outcomes import Rejected, RejectReason
from collector.privacy.text import printable

# What others call the name of an event, and people guess: as it is compared, in lower case and without what joins words.
_ELSEWHERE: Final = frozenset(
    {"event", "eventtype", "eventtitle", "eventaction", "eventkey", "eventlabel", "eventcategory", "evt", "ev", "ename"}
    | {"action", "goal", "goalname", "customevent", "customeventname"}
)
# Of four letters nearly everything is near: these are slips of the fingers, and what has the same letters in another order.
_SLIPS: Final = frozenset({"names", "nam", "nme", "ame", "nae", "namee", "nname", "naame"})
# What a program writes for nothing.
_NOTHING: Final = frozenset({"undefined", "null"})
# Near in letters, and far in meaning.
_NO_NAMES: Final = frozenset({"eventtime", "eventdate", "eventpage", "eventsite", "eventhash", "eventzone"})
_EVENT_NAME: Final = "eventname"
_NAME: Final = "name"
_FARTHEST: Final = 2
_LONGEST_KEY: Final = 40
_TEXT_OR_NUMBER: Final = b'"-0123456789'

_fields: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def checked_name(name: str, field: str) -> str:
    """Return *name*, or raise Rejected when nothing of it can be seen: it would be taken for a pageview."""
    if not printable(name).strip():
        detail = f"The event's name is empty; write one, or leave {field} out for a pageview."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field=field)
    return name


def checked_site(site: str, field: str) -> str:
    """Return *site*, or raise Rejected when it is empty, or what a program writes for nothing: it would be somebody else's."""
    name = printable(site).strip()
    if not name or name in _NOTHING:
        detail = f"The site's name is empty; write it, or leave {field} out where the page's address says it."
        raise Rejected(RejectReason.MISSING_FIELD, detail, field=field)
    return site


def refuse_misspelt(body: bytes, known: Iterable[str]) -> None:
    """Raise Rejected when *body*, an event without a name, has a field that is not *known* and must be meant as its name.

    As a pageview it would be counted as what it is not. Everything else that nobody knows is another client's.
    """
    for position, (key, value) in enumerate(_fields.decode(body).items(), start=1):
        if key in known or bytes(value)[:1] not in _TEXT_OR_NUMBER or not is_meant_as_name(key):
            continue
        detail = f"Field {position} is none that we know, and looks like eventName; spell it eventName, or leave it out."
        raise Rejected(RejectReason.UNKNOWN_FIELD, detail, field="eventName")


def is_meant_as_name(key: str) -> bool:
    """Say whether *key* is eventName or name in another spelling, or with a slip of the fingers, or what others call it."""
    plain = "".join(filter(str.isalnum, key[:_LONGEST_KEY])).lower()
    if plain in _NO_NAMES:
        return False
    if plain in _ELSEWHERE or plain in _SLIPS or sorted(plain) == sorted(_NAME):
        return True
    return _distance(plain, _EVENT_NAME) <= _FARTHEST


def _distance(one: str, other: str) -> int:
    """Return how many letters must be put in, taken out or changed (Levenshtein, 1965)."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, its in enumerate(other, start=1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != its)))
        above = line
    return above[-1]
