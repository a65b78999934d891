"""Every setting of the product: its name, default and reason, read from the environment once and checked all together."""

import ipaddress
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from collector.settings.parsers import (
    address,
    existing_file,
    one_of,
    optional,
    plain,
    proxies,
    site_names,
    tenant_name,
    whole_number,
)

MEBIBYTE = 1024 * 1024
MINIMUM_SECRET = 32
# A pebibyte: more than any disk has, and below what nats-server is told it may keep.
MOST_STREAM_BYTES = 2**50
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


class InvalidSettings(ValueError):
    """The environment is not usable; ``problems`` has one sentence for each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(Struct, frozen=True, kw_only=True):
    """What the operator decided, parsed; secrets never show in its repr."""

    mode: Mode
    sites: tuple[str, ...]
    tenant: str
    data: Path
    host: str
    port: int
    projector_port: int
    public_url: str
    access_token: str | None
    nats_url: str | None
    nats_monitor_url: str | None
    database_url: str | None
    stream_max_bytes: int
    stream_replicas: int
    partitions: int
    partition: int
    trusted_proxies: tuple[str, ...]
    salt_mode: SaltMode
    secret_key: str | None
    mmdb: Path | None
    log_level: LogLevel

    def __repr__(self) -> str:
        return f"Settings(mode={self.mode.value!r}, host={self.host!r}, port={self.port!r})"

    @property
    def is_loopback(self) -> bool:
        """Say whether only this machine can reach the HTTP ports."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Setting(NamedTuple):
    """One variable, ``COLLECTOR_<NAME>``; a secret may also come from the file that ``COLLECTOR_<NAME>_FILE`` names."""

    field: str
    default: str
    parse: Callable[[str], Any]
    why: str
    secret: bool = False

    @property
    def variable(self) -> str:
        """Return the environment variable's name."""
        return f"COLLECTOR_{self.field.upper()}"


SETTINGS: tuple[Setting, ...] = (
    Setting("mode", "development", one_of(Mode), "development collects for any site; production only for COLLECTOR_SITES"),
    Setting("sites", "", site_names, "the sites of production mode, separated by commas: shop.example, blog.example"),
    Setting("tenant", "main", tenant_name, "who owns the sites; part of every fact and of every visitor id"),
    Setting("data", ".collector", Path, "where `collector up` keeps the embedded NATS and Postgres"),
    Setting("host", "127.0.0.1", plain, "the address to listen on; anything but loopback needs COLLECTOR_ACCESS_TOKEN"),
    Setting(
        "port", "8000", whole_number(1, 65535), "the port for the snippet, the ingest endpoints, the dashboard and the API"
    ),
    Setting("projector_port", "8001", whole_number(1, 65535), "the port of the projector's own /metrics and health"),
    Setting(
        "public_url", "", address("http", "https"), "the address visitors reach, for the snippet; empty means host and port"
    ),
    Setting("access_token", "", optional, "opens the dashboard, the API and /metrics; at least 16 characters", secret=True),
    Setting("nats_url", "", address("nats", "tls", "ws", "wss"), "your own NATS; empty means the embedded one", secret=True),
    Setting(
        "nats_monitor_url", "", address("http", "https"), "your NATS's monitoring port, so that sync_interval can be checked"
    ),
    Setting(
        "database_url", "", address("postgresql", "postgres"), "your own Postgres; empty means the embedded one", secret=True
    ),
    Setting(
        "stream_max_bytes",
        str(10 * 1024 * MEBIBYTE),
        whole_number(MEBIBYTE, MOST_STREAM_BYTES),
        "how large the event stream may grow before it refuses (503); keep it below 80 % of the disk",
    ),
    Setting("stream_replicas", "1", whole_number(1, 5), "copies of the stream in a NATS cluster: 1, or 3"),
    Setting(
        "partitions", "1", whole_number(1, 64), "how many projectors share the stream; changing it needs `collector backfill`"
    ),
    Setting("partition", "0", whole_number(0, 63), "which of the partitions this projector reads, from 0"),
    Setting("trusted_proxies", "", proxies, "proxies whose X-Forwarded-For is believed; empty means none"),
    Setting("salt_mode", "random", one_of(SaltMode), "random salts die at midnight; derived ones never do (see the README)"),
    Setting("secret_key", "", optional, "only for derived salts: the Flowcore collector's SECRET_KEY", secret=True),
    Setting("mmdb", "", existing_file, "a country or city database in MaxMind's format; empty means the browser's time zone"),
    Setting("log_level", "info", one_of(LogLevel), "how much the JSON logs say: debug, info, warning or error"),
)


def example() -> str:
    """Return env.example: every setting, its default and its reason."""
    lines = [
        "# Every setting, with its default and one line of why. Copy to .env and uncomment what you change: every command",
        "# reads .env in the folder it is run in, and the environment goes before it. A value with a # in it stands in quotes.",
    ]
    for setting in SETTINGS:
        secret = f" (or {setting.variable}_FILE, a file that holds it)" if setting.secret else ""
        lines += ["", f"# {setting.why}{secret}", f"#{setting.variable}={setting.default}"]
    return "\n".join(lines) + "\n"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in *environment*, or raise InvalidSettings with every problem at once."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        try:
            values[setting.field] = setting.parse(_raw(setting, environment))
        except (ValueError, OSError) as error:
            problems.append(f"{setting.variable} {error}")
    known = {setting.variable for setting in SETTINGS} | {f"{setting.variable}_FILE" for setting in SETTINGS if setting.secret}
    problems += [
        f"{name} is not a setting of this version; see env.example"
        for name in sorted(environment)
        if name.startswith("COLLECTOR_") and name not in known
    ]
    if not problems:
        problems += _contradictions(values)
    if problems:
        raise InvalidSettings(problems)
    values["public_url"] = values["public_url"] or f"http://{in_address(values['host'])}:{values['port']}"
    return Settings(**values)


def in_address(host: str) -> str:
    """Return what stands for *host* in an address; one that means every address is reached as this machine, at least."""
    if host in _EVERY_ADDRESS:
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _raw(setting: Setting, environment: Mapping[str, str]) -> str:
    direct = environment.get(setting.variable, "").strip()
    file = environment.get(f"{setting.variable}_FILE", "").strip() if setting.secret else ""
    if direct and file:
        raise ValueError(f"and {setting.variable}_FILE are both set; keep one")
    if not file:
        return direct or setting.default
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError("cannot be read from the file that its _FILE variable names") from None


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    problems = []
    if values["mode"] is Mode.PRODUCTION and not values["sites"]:
        problems.append("COLLECTOR_SITES is empty, and production collects only for the sites it lists; list them")
    if values["partition"] >= values["partitions"]:
        problems.append("COLLECTOR_PARTITION counts from 0, so it must be below COLLECTOR_PARTITIONS")
    if values["access_token"] is not None and len(values["access_token"]) < MINIMUM_SECRET // 2:
        problems.append("COLLECTOR_ACCESS_TOKEN is too short; use at least 16 random characters")
    if values["salt_mode"] is SaltMode.DERIVED and len(values["secret_key"] or "") < MINIMUM_SECRET:
        problems.append("COLLECTOR_SECRET_KEY must have at least 32 characters when COLLECTOR_SALT_MODE is derived")
    return problems
