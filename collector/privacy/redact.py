"""What looks personal in a text, replaced by its kind, in brackets: [email], [ip], [phone], [card], [token] and their like.

Every pattern is linear: it starts only at a boundary, or its repetitions are bounded; and what it searches is cut first.
"""

import re

from collector.privacy.address import network_of
from collector.privacy.disguise import undisguised
from collector.privacy.numbers import DIGITS, without_numbers
from collector.privacy.parameters import without_parameters
from collector.privacy.text import cut, printable

LONGEST = 4096

# A text without any of these holds nothing that the patterns could find; most paths end here.
_SUSPICIOUS = re.compile(r"[\d@:%=&\uff01-\uff5e\ufe50-\ufe6b]|eyJ|[\[({<]\s?[aA][tT]\s?[\])}>]")
# What encodings, entities, other alphabets and spelled signs have in them.
_DISGUISING = re.compile(r"[%&\\\[({<]|[^\x00-\x7f]")
# The shortest that any of them finds is 1.1.1.1, but for what has one of these in it.
_SHORTEST = len("1.1.1.1")
_SHORTENING = frozenset("@:%=&\uff20\ufe6b")
# One of these is in whatever says by itself whom it is of.
_MARKING = re.compile(r"[@.:+%/&(\[]|[^\x00-\x7f]")
# Printable ASCII without any of them but the last: most words.
_PLAIN = re.compile(r"[ -$'*-/;>?A-Z\\-z|}~)\]]*")

# A whole user agent, which begins as all browsers' do; where it ends nobody can tell.
_AGENT = re.compile(r"Mozilla/\d\.\d[ +]\(.*", re.DOTALL)
# Who signs in, before the host of an address.
_USERINFO = re.compile(r"(?<=//)[^\s/?#]{1,320}@(?=[\w\[])")
_EMAIL = re.compile(
    r"(?:\"[^\"@]{1,64}\"|(?<![^\s/?&=,;:<>()\[\]\"'@|])[^\s/?&=,;:<>()\[\]\"'@|]{1,320}(?:'[^\s/?&=,;:<>()\[\]\"'@|]{1,64}){0,2})@"
    r"(?:[\w.-]*\.[^\W\d_]{2}[\w-]*|localhost\b|\[(?:ip|(?:IPv6:)?[0-9A-Fa-f:.]{2,45})\]|\d{1,3}(?:\.\d{1,3}){3})"
)
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]*){1,2}")
_UUID = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}(?![\w:])")
# Not behind a v: v4.17.21.0 is a version.
_IPV4 = re.compile(r"(?<![\d.vV])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)")
_HEX_IPV4 = re.compile(r"(?<![\w.])0[xX][0-9A-Fa-f]{1,2}(?:\.0[xX][0-9A-Fa-f]{1,2}){3}(?![\w.])")
_FOUR_NUMBERS = re.compile(r"\d[-_]\d{1,3}[-_]\d{1,3}[-_]\d")
_FEWEST_COLONS, _FEWEST_DOTS = 2, 3
# What stands before a version of four small numbers; a machine has its address behind a hyphen, too.
_VERSIONED = re.compile(
    r"(?:versions?|ver|releases?|builds?|firmwares?|drivers?|tags?)[\W_]{0,2}$|(?<![A-Za-z])(?!(?:ip|host|addr|node|server)-)[A-Za-z]\w*-$",
    re.IGNORECASE,
)
_LONGEST_WORD = 32
# As names of machines have it (reverse DNS, clouds), and sizes, days and versions do not.
_DASHED = re.compile(
    r"(?<![\d.])(?<!\d[-_])(?P<word>[A-Za-z]\w{0,15}[._-])?"
    r"(?P<address>\d{1,3}(?P<gap>[-_])\d{1,3}(?:(?P=gap)\d{1,3}){2})(?!\w)(?!-\d)(?P<after>-[A-Za-z])?"
)
_MACHINES = frozenset({"ip", "host", "addr", "dhcp", "pool", "dsl", "client", "ec2", "static", "dynamic", "node", "server"})
_LARGE, _OCTET = 100, 255
_LONG, _LONGER = 8, 9
# What is built has a hash in its name that is the same for everybody.
_BUILT = (".js", ".mjs", ".css", ".map", ".woff", ".ttf", ".otf", ".eot")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{16,}(?![0-9A-Za-z])")
# Keys of well-known services, told by how they begin.
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:[sprw]k[_-](?:live|test|prod|proj|ant|or)[_-][\w-]{8,}|sk-[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{16,}"
    r"|github_pat_\w{16,}|glpat-[\w-]{12,}|xox[abeprs]-[\w-]{8,}|A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w-]{16,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{20,}|ck_[a-z0-9]{1,32}_[\w-]{20,})(?![A-Za-z0-9])"
)
_LONG_WORD = re.compile(r"(?<![\w-])[\w-]{24,}", re.ASCII)
_PIECE = re.compile(r"[A-Za-z0-9]{12,}")
_LETTER_MEETS_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_MEETINGS = 3
_MOST_LAYERS = 4


def clean(text: str, limit: int) -> str:
    """Return *text* as it may be stored: printable, redacted, and cut to *limit* bytes."""
    if len(text) <= limit <= LONGEST and _PLAIN.fullmatch(text) is not None and "eyJ" not in text:
        return text
    return cut(redact(printable(text)), limit)


def redact(text: str) -> str:
    """Return *text*, cut to 4,096 characters, with everything that looks personal replaced by the name of its kind."""
    text = text[:LONGEST]
    if _is_harmless(text):
        return text
    redacted = _replace(text)[:LONGEST]
    # What hides an address from the patterns, such as percent-encoding, is undone only where it hid something.
    if _DISGUISING.search(redacted) is None:
        return redacted
    plain = printable(undisguised(redacted))
    uncovered = redacted if plain == redacted else _replace(plain)
    return redacted if uncovered == plain else uncovered[:LONGEST]


def holds_somebody(text: str) -> bool:
    """Say whether *text*, an id, holds an e-mail address, a network address, a user agent or a phone number behind a plus.

    Of what ids are like themselves, such as tokens and rows of digits, nothing is said.
    """
    if _MARKING.search(text) is None:
        return False  # nearly always
    redacted = redact(printable(text))
    return any(kind in redacted for kind in ("[email]", "[ip]", "[agent]")) or ("[phone]" in redacted and "+" in text)


def _is_harmless(text: str) -> bool:
    """Say whether *text* is too short or too plain for any of the patterns; a longer one is LONGEST at the most, or is cut."""
    if len(text) < _SHORTEST:
        return _SHORTENING.isdisjoint(text)
    return len(text) <= LONGEST and _SUSPICIOUS.search(text) is None


def _replace(text: str) -> str:
    """Replace everything that looks personal; what is taken out may have hidden what stood beside it, so look again."""
    for _ in range(_MOST_LAYERS):
        before, text = text, _replace_once(text)
        if text == before:
            break
    return text


def _replace_once(text: str) -> str:
    """Run the patterns whose characters occur, from the most to the least certain."""
    if "Mozilla/" in text:
        text = _AGENT.sub("[agent]", text)
    if "@" in text:
        text = _EMAIL.sub("[email]", _USERINFO.sub("[user]@", text))
    if "eyJ" in text:
        text = _JWT.sub("[token]", text)
    text = _without_networks(text)
    has_piece = _PIECE.search(text) is not None  # without one there is neither a UUID nor a random word
    if has_piece:
        text = _KEY.sub("[token]", _UUID.sub("[uuid]", text) if "-" in text else text)
    if DIGITS.search(text) is not None:
        text = without_numbers(text)
        if _FOUR_NUMBERS.search(text) is not None:
            text = _DASHED.sub(_dashed, text)
    if has_piece:
        text = _LONG_WORD.sub(_token, _HEX.sub(_hash, text))
    return without_parameters(text)


def _without_networks(text: str) -> str:
    if text.count(":") >= _FEWEST_COLONS:
        text = _IPV6.sub(_ip, text)
    if text.count(".") >= _FEWEST_DOTS:
        text = _HEX_IPV4.sub("[ip]", _IPV4.sub(_ip, text))
    return text


def _ip(match: re.Match[str]) -> str:
    found = match[0]
    if ":" not in found:
        return "[ip]" if _is_dotted(found.split("."), match.string[: match.start()][-_LONGEST_WORD:]) else found
    # "::1" and "a::b" are addresses by the letter, but nobody's.
    if len(found) < len("dead::") or network_of(found, v4_bytes=4, v6_bytes=16) is None:
        return found
    return "[ip]"


def _is_dotted(octets: list[str], before: str) -> bool:
    """Say whether *octets* are an address; filled up with zeros, as days are, they are one where one is three digits long."""
    numbers = [int(octet) for octet in octets]
    if max(numbers) > _OCTET or not any(numbers[1:]):  # 126.0.0.0 is what browsers say of their version, and no host
        return False
    if max(numbers) < _LARGE and _VERSIONED.search(before) is not None:
        return False
    return not any(octet[0] == "0" != octet for octet in octets) or max(map(len, octets)) == len(str(_OCTET))


def _dashed(match: re.Match[str]) -> str:
    """Tell an address from four small numbers: by the machine's name, or alone by its length, and in a slug by both."""
    word, octets = match["word"] or "", match["address"].split(match["gap"])
    numbers = [int(octet) for octet in octets]
    if max(numbers) > _OCTET or any(octet[0] == "0" != octet for octet in octets):
        return match[0]
    size, large = sum(map(len, octets)), sum(number >= _LARGE for number in numbers)
    is_alone = not word and not match["after"]
    is_machine = word[:-1].lower() in _MACHINES
    if is_machine or (is_alone and (numbers[0] >= _LARGE or (large and size >= _LONG))) or (large > 1 and size >= _LONGER):
        return f"{word}[ip]{match['after'] or ''}"
    return match[0]


def _hash(match: re.Match[str]) -> str:
    return match[0] if match.string.startswith(_BUILT, match.end()) else "[token]"


def _token(match: re.Match[str]) -> str:
    """Tell a random word from a slug: between its hyphens, letters and digits alternate as they do in no language."""
    if match.string.startswith(_BUILT, match.end()):
        return match[0]
    random = any(len(_LETTER_MEETS_DIGIT.findall(piece)) >= _MEETINGS for piece in _PIECE.findall(match[0]))
    return "[token]" if random else match[0]
