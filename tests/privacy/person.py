"""Person: somebody invented whose every trait can be recognised wherever it turns up."""

import base64
import json
import secrets
import string
from typing import NamedTuple

LETTERS = string.ascii_letters + string.digits


class Person(NamedTuple):
    """One canary: an address, a browser, and the secrets that a page may carelessly put into what it sends."""

    name: str
    ip: str
    mark: str
    email: str
    api_key: str
    token: str
    jwt: str

    @property
    def user_agent(self) -> str:
        return f"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0 Canary/{self.mark}"

    @property
    def secrets(self) -> dict[str, str]:
        return {"mark": self.mark, "e-mail": self.email, "API key": self.api_key, "token": self.token, "JWT": self.jwt}


def invent(name: str, ip: str) -> Person:
    """Return somebody new behind *ip*."""
    # Letters alone: what is only forgotten because it looks like a token is not forgotten for what it is.
    mark = "".join(secrets.choice("abcdefghijklmnop") for _ in range(16))
    return Person(
        name=name,
        ip=ip,
        mark=mark,
        email=f"canary.{secrets.token_hex(6)}@mail.example",
        api_key=f"ghp_{''.join(secrets.choice(LETTERS) + secrets.choice(string.digits) for _ in range(16))}",
        token=f"a1{secrets.token_hex(15)}",
        jwt=".".join(map(_part, ({"alg": "HS256"}, {"sub": mark, "ip": ip}, secrets.token_hex(16)))),
    )


def some_ipv6() -> str:
    """Return an address of the documentation prefix, as a server would write it."""
    return "2001:db8:" + ":".join(f"{secrets.randbelow(0xEFFF) + 0x1000:x}" for _ in range(6))


def some_ipv4(prefix: str) -> str:
    """Return an address of a /24, three digits at its end, so that it is no part of another."""
    return f"{prefix}.{secrets.randbelow(150) + 100}"


def some_loopback() -> str:
    """Return an alias of this machine that a client can really come from."""
    return "127." + ".".join(str(secrets.randbelow(150) + 100) for _ in range(3))


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
