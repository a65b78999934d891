"""Every setting, declared once: its variable, default, parser and reason beside the field that it fills, by group."""

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from collector.settings.declaration import Group, Setting
from collector.settings.parsers import (
    address,
    addresses,
    api_keys,
    existing_file,
    one_of,
    optional,
    plain,
    proxies,
    public_address,
    site_names,
    tenant_name,
    whole_number,
)
from contracts.below import path_of
from contracts.keys import ListedKey

MEBIBYTE = 1024 * 1024
# A pebibyte: more than any disk has, and below what nats-server is told it may keep.
MOST_STREAM_BYTES = 2**50
MINIMUM_TOKEN = 16
MINIMUM_SECRET = 32
_PORT = whole_number(1, 65535)
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # known, not bound


class Mode(StrEnum):
    """Whether any site is collected for (development) or the listed ones only (production)."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SaltMode(StrEnum):
    """Random salts that die at midnight, or the Flowcore seed's derivable ones for those who migrate."""

    RANDOM = "random"
    DERIVED = "derived"


class LogLevel(StrEnum):
    """How much the JSON logs say."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Collection(Group, frozen=True, kw_only=True):
    """For whom events are collected."""

    mode: Annotated[
        Mode,
        Setting(
            "COLLECTOR_MODE",
            "development",
            one_of(Mode),
            "development collects for any site; production for those that were added, and for COLLECTOR_SITES",
        ),
    ]
    sites: Annotated[
        tuple[str, ...],
        Setting(
            "COLLECTOR_SITES",
            "",
            site_names,
            "sites that production adds once, separated by commas: shop.example, blog.example; what is decided since counts",
        ),
    ]
    tenant: Annotated[
        str, Setting("COLLECTOR_TENANT", "main", tenant_name, "who owns the sites; part of every fact and of every visitor id")
    ]
    api_keys: Annotated[
        tuple[ListedKey, ...],
        Setting(
            "COLLECTOR_API_KEYS",
            "",
            api_keys,
            "keys that hold while they stand here, each tenant:scopes:key (16 characters or more), separated by commas",
            secret=True,
        ),
    ]


class Local(Group, frozen=True, kw_only=True):
    """Where this machine keeps what runs on it."""

    data: Annotated[
        Path, Setting("COLLECTOR_DATA", ".collector", Path, "where `collector up` keeps the embedded NATS and Postgres")
    ]


class Http(Group, frozen=True, kw_only=True):
    """Where the roles listen, under what address they are reached, and whom they believe."""

    host: Annotated[
        str,
        Setting(
            "COLLECTOR_HOST", "127.0.0.1", plain, "the address to listen on; anything but loopback needs COLLECTOR_ACCESS_TOKEN"
        ),
    ]
    port: Annotated[
        int,
        Setting("COLLECTOR_PORT", "8000", _PORT, "the port for the snippet, the ingest endpoints, the dashboard and the API"),
    ]
    projector_port: Annotated[
        int, Setting("COLLECTOR_PROJECTOR_PORT", "8001", _PORT, "the port of the projector's own /metrics and health")
    ]
    given_url: Annotated[
        str | None,
        Setting(
            "COLLECTOR_PUBLIC_URL",
            "",
            public_address,
            "the address visitors reach, such as https://example.org or https://example.org/stats; empty means host and port",
        ),
    ]
    access_token: Annotated[
        str | None,
        Setting(
            "COLLECTOR_ACCESS_TOKEN",
            "",
            optional,
            "opens the dashboard, the API and /metrics; at least 16 characters",
            secret=True,
        ),
    ]
    trusted_proxies: Annotated[
        tuple[str, ...],
        Setting(
            "COLLECTOR_TRUSTED_PROXIES",
            "",
            proxies,
            "proxies whose X-Forwarded-For, X-Real-IP and CF-Connecting-IP are believed; empty means none",
        ),
    ]

    @property
    def public_url(self) -> str:
        """Return the address that visitors reach."""
        return self.given_url or f"http://{in_address(self.host)}:{self.port}"

    @property
    def path(self) -> str:
        """Return the path of the address that visitors reach, below which everything is; "" where there is none."""
        return path_of(self.public_url)

    @property
    def is_loopback(self) -> bool:
        """Say whether only this machine can reach the HTTP ports."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def contradictions(self) -> list[str]:
        """Say so when the token could be guessed."""
        if self.access_token is not None and len(self.access_token) < MINIMUM_TOKEN:
            return [f"COLLECTOR_ACCESS_TOKEN is too short; use at least {MINIMUM_TOKEN} random characters"]
        return []


class Nats(Group, frozen=True, kw_only=True):
    """Which NATS."""

    url: Annotated[
        str | None,
        Setting(
            "COLLECTOR_NATS_URL",
            "",
            addresses("nats", "tls", "ws", "wss"),
            "your own NATS, the servers of a cluster separated by commas; empty means the embedded one",
            secret=True,
        ),
    ]
    monitor_url: Annotated[
        str | None,
        Setting(
            "COLLECTOR_NATS_MONITOR_URL",
            "",
            address("http", "https"),
            "your NATS's monitoring port, so that sync_interval can be checked",
        ),
    ]


class Postgres(Group, frozen=True, kw_only=True):
    """Which Postgres."""

    url: Annotated[
        str | None,
        Setting(
            "COLLECTOR_DATABASE_URL",
            "",
            address("postgresql", "postgres"),
            "your own Postgres; empty means the embedded one",
            secret=True,
        ),
    ]


class EventStreams(Group, frozen=True, kw_only=True):
    """How large the streams of events may grow, how safe they are, and how they are shared between projectors."""

    max_bytes: Annotated[
        int,
        Setting(
            "COLLECTOR_STREAM_MAX_BYTES",
            str(10 * 1024 * MEBIBYTE),
            whole_number(MEBIBYTE, MOST_STREAM_BYTES),
            "how large the event stream may grow before it refuses (503); keep it below 80 % of the disk",
        ),
    ]
    replicas: Annotated[
        int,
        Setting(
            "COLLECTOR_STREAM_REPLICAS",
            "1",
            whole_number(1, 5),
            "copies of the streams and of the day's salt in a NATS cluster: 1, or 3",
        ),
    ]
    partitions: Annotated[
        int,
        Setting(
            "COLLECTOR_PARTITIONS",
            "1",
            whole_number(1, 64),
            "how many streams share the sites, each with a `collector project`; to raise it see the README; never lower it",
        ),
    ]
    partition: Annotated[
        int, Setting("COLLECTOR_PARTITION", "0", whole_number(0, 63), "which of the partitions this projector reads, from 0")
    ]

    def contradictions(self) -> list[str]:
        """Say so when there is no such partition."""
        if self.partition >= self.partitions:
            return ["COLLECTOR_PARTITION counts from 0, so it must be below COLLECTOR_PARTITIONS"]
        return []


class Privacy(Group, frozen=True, kw_only=True):
    """What a visitor is hashed with, and what a place is told from."""

    salt_mode: Annotated[
        SaltMode,
        Setting(
            "COLLECTOR_SALT_MODE",
            "random",
            one_of(SaltMode),
            "random salts die at midnight; derived ones never do (see the README)",
        ),
    ]
    secret_key: Annotated[
        str | None,
        Setting(
            "COLLECTOR_SECRET_KEY", "", optional, "only for derived salts: the Flowcore collector's SECRET_KEY", secret=True
        ),
    ]
    mmdb: Annotated[
        Path | None,
        Setting(
            "COLLECTOR_MMDB",
            "",
            existing_file,
            "a country or city database in MaxMind's format; empty means the browser's time zone",
        ),
    ]

    def contradictions(self) -> list[str]:
        """Say so when derived salts could be guessed."""
        if self.salt_mode is SaltMode.DERIVED and len(self.secret_key or "") < MINIMUM_SECRET:
            return [f"COLLECTOR_SECRET_KEY must have at least {MINIMUM_SECRET} characters when COLLECTOR_SALT_MODE is derived"]
        return []


class Log(Group, frozen=True, kw_only=True):
    """What the logs say."""

    level: Annotated[
        LogLevel,
        Setting("COLLECTOR_LOG_LEVEL", "info", one_of(LogLevel), "how much the JSON logs say: debug, info, warning or error"),
    ]


def in_address(host: str) -> str:
    """Return what stands for *host* in an address; one that means every address is reached as this machine, at least."""
    if host in _EVERY_ADDRESS:
        return "localhost"
    return f"[{host}]" if ":" in host else host
