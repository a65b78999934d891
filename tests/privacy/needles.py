"""Every way in which a person, or a key, could have been written down: what to search for."""

import base64
import hashlib
import ipaddress
from collections.abc import Iterator
from urllib.parse import quote

from tests.privacy.person import Person

HASHES = ("md5", "sha1", "sha256")
JOINTS = ("", ":", "|", " ", "\0")
# What is left of a base64 text when its ends depend on what stands beside it.
SHORTEST = 6


def needles_of(person: Person) -> dict[str, bytes]:
    """Return every form of *person* by its name; none is so short that chance would write it."""
    found = dict(_forms_of_address(person.ip)) | dict(_hashes(person))
    for trait, text in person.secrets.items():
        found |= {f"{trait}, {form}": needle for form, needle in forms_of_text(text)}
    return {f"{person.name}: {form}": needle for form, needle in found.items()}


def packed_needle(person: Person) -> dict[str, bytes]:
    """Return the address in its fewest bytes: for typed columns only, since four bytes occur anywhere by chance."""
    return {f"{person.name}: packed": ipaddress.ip_address(person.ip).packed}


def needles_of_key(key: bytes) -> dict[str, bytes]:
    """Return every form of a salt."""
    forms = dict(_forms_of_bytes(key)) | {"reversed": key[::-1]}
    return {f"salt, {form}": needle for form, needle in forms.items()}


def _forms_of_address(ip: str) -> Iterator[tuple[str, bytes]]:
    address = ipaddress.ip_address(ip)
    mapped = ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed) if address.version == 4 else address
    for form, text in {
        "text": ip,
        "exploded": address.exploded,
        "integer": str(int(address)),
        "reversed": ".".join(reversed(ip.split("."))),
        "pointer": address.reverse_pointer,
        "dashes": ip.replace(".", "-").replace(":", "-"),
        "underscores": ip.replace(".", "_").replace(":", "_"),
        "mapped": f"::ffff:{ip}" if address.version == 4 else ip,
        "mapped in hex": str(mapped),
        "mapped, exploded": mapped.exploded,
        "hex, lower": address.packed.hex(),
        "hex, upper": address.packed.hex().upper(),
        "hex, colons": address.packed.hex(":"),
    }.items():
        yield form, text.encode()
    for form, needle in forms_of_text(ip):
        yield f"text, {form}", needle
    if address.version == 6:
        yield "household", ":".join(ip.split(":")[:4]).encode()
        yield "household, packed", address.packed[:8]
    yield "packed in 16", mapped.packed
    yield "packed in 16, backwards", mapped.packed[::-1]
    yield from ((f"packed, {form}", needle) for form, needle in _base64(mapped.packed))


def forms_of_text(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield every form of *text* by its name."""
    yield "plain", text.encode()
    yield "upper case", text.upper().encode()
    yield "backwards", text[::-1].encode()
    yield "UTF-16", text.encode("utf-16-le")
    yield "UTF-16, big end first", text.encode("utf-16-be")
    yield "quoted", quote(text, safe="").encode()
    yield "quoted throughout", "".join(f"%{byte:02X}" for byte in text.encode()).encode()
    yield "hex", text.encode().hex().encode()
    yield from _base64(text.encode())


def _forms_of_bytes(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "raw", raw
    yield "hex", raw.hex().encode()
    yield "hex, upper", raw.hex().upper().encode()
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what base64 makes of *raw* wherever it begins in a longer text."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        core = encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
        assert len(core) >= SHORTEST
        yield f"base64 at {shift}", core
        yield f"base64url at {shift}", core.translate(bytes.maketrans(b"+/", b"-_"))


def _hashes(person: Person) -> Iterator[tuple[str, bytes]]:
    """Yield the hashes that need no key, cut to the 16 bytes that a visitor id has."""
    subjects = {"address": person.ip.encode(), "packed address": ipaddress.ip_address(person.ip).packed}
    subjects |= {f"address{joint!r}agent": f"{person.ip}{joint}{person.user_agent}".encode() for joint in JOINTS}
    for subject, text in subjects.items():
        for name in HASHES:
            digest = hashlib.new(name, text).digest()[:16]
            yield f"{name} of {subject}", digest
            yield f"{name} of {subject}, hex", digest.hex().encode()
            yield f"{name} of {subject}, base64", base64.b64encode(digest[:15])
