"""People: everybody who takes part, each known by another address."""

from typing import NamedTuple

from tests.privacy.needles import needles_of, packed_needle
from tests.privacy.person import Person, invent, some_ipv4, some_ipv6, some_loopback


class People(NamedTuple):
    """``planted`` is there to be found; of the others nothing may be left."""

    proxied: Person
    proxied6: Person
    direct: Person
    spoofed: Person
    objecting: Person
    imported: Person
    member: Person
    planted: Person

    def needles(self) -> dict[str, bytes]:
        """Return every form of everybody but the planted one."""
        return {name: needle for person in self[:-1] for name, needle in needles_of(person).items()}

    def packed(self) -> dict[str, bytes]:
        """Return the addresses of everybody but the planted one, for typed columns."""
        return {name: needle for person in self[:-1] for name, needle in packed_needle(person).items()}


def gather() -> People:
    """Invent everybody anew."""
    return People(
        proxied=invent("proxied", some_ipv4("203.0.113")),
        proxied6=invent("proxied6", some_ipv6()),
        direct=invent("direct", some_loopback()),
        spoofed=invent("spoofed", some_ipv4("198.51.100")),
        objecting=invent("objecting", some_ipv4("192.0.2")),
        imported=invent("imported", some_ipv4("198.18.7")),
        member=invent("member", some_ipv4("198.19.8")),
        planted=invent("planted", some_ipv4("100.64.9")),
    )
