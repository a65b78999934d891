"""Which nats-servers there are: the addresses in COLLECTOR_NATS_URL, and what nats-py's ``connect`` is told of them."""

import random
from collections.abc import Iterable
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

SEPARATOR = ","


class Servers(Struct, frozen=True, kw_only=True):
    """The addresses, each at which any client of the cluster may begin, and ``login``, what every one of them is shown."""

    addresses: list[str]
    login: dict[str, str]

    def __repr__(self) -> str:
        return f"Servers({len(self.addresses)})"

    @property
    def are_several(self) -> bool:
        """Say whether there is a choice."""
        return len(self.addresses) > 1

    @property
    def options(self) -> dict[str, Any]:
        """Return the arguments of nats-py's ``connect``."""
        return {"servers": self.in_order(()), "dont_randomize": self.are_several, **self.login}

    def in_order(self, known: Iterable[str]) -> list[str]:
        """Return in which order to try the addresses: ours by chance, so that clients spread, and then the others in *known*.

        The last of *known* was tried last, and is left now: it is the last of ours, for a server that hangs goes on taking
        connections. What a cluster says of itself may be out of reach from here, as an address inside of a container is, and
        cost seconds.
        """
        told = list(known)
        ours = random.sample(self.addresses, len(self.addresses))
        ours.sort(key=lambda address: address == told[-1] if told else False)
        return ours + [address for address in told if address not in self.addresses]


def read_servers(text: str) -> Servers:
    """Return what *text* says, one address or several with commas between them.

    Where one token, or one user and password, stands in them, the addresses lose it: nats-py takes what stands in an address
    literally and for that address alone, and so would be refused by every server of the cluster that it learns of.
    """
    addresses = split(text)
    parts = [urlsplit(address) for address in addresses]
    logins = [login for part in parts if (login := _login(part))]
    if any(login != logins[0] for login in logins):
        return Servers(addresses=addresses, login={})
    bare = [part._replace(netloc=_place(part)).geturl() for part in parts]
    return Servers(addresses=list(dict.fromkeys(bare)), login=logins[0] if logins else {})


def split(text: str) -> list[str]:
    """Return the addresses in *text*, each once, in their order."""
    return list(dict.fromkeys(part for piece in text.split(SEPARATOR) if (part := piece.strip())))


def _place(part: SplitResult) -> str:
    return part.netloc.rpartition("@")[2]


def _login(part: SplitResult) -> dict[str, str]:
    if not part.username:
        return {}
    if part.password is None:
        return {"token": unquote(part.username)}
    return {"user": unquote(part.username), "password": unquote(part.password)}
