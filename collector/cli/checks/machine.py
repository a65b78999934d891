"""Whether there is room on the disk, and whether the roles of a running `collector up` are ready."""

import shutil
from collections.abc import Iterator

from collector.cli.checks.finding import Finding, bad, good, odd
from collector.local.directory import Runtime
from collector.local.private import LOOPBACK
from collector.local.probe import unready
from collector.settings import Mode, Settings

_TIGHT_BYTES = 1024**3


def examine_settings(settings: Settings) -> Finding:
    """Say what the settings, which were read without a problem, come to."""
    if settings.collection.mode is Mode.PRODUCTION:
        listed = len(settings.collection.sites)
        return good("Settings", f"production, collecting for the sites that were added and for {listed} of COLLECTOR_SITES")
    return odd("Settings", "development: events of any site are kept", "For production set COLLECTOR_MODE.")


def examine_disk(settings: Settings) -> Finding:
    """Look at the room for the data directory, which only the embedded servers fill."""
    data = settings.local.data.absolute()
    nearest = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    text = f"{free / 1024**3:.1f} GiB free for {data}"
    if free < _TIGHT_BYTES:
        return bad("Disk", text, "Make room: without it events are refused.")
    if settings.nats.url is None and free < settings.stream.max_bytes:
        return odd("Disk", text, "The event stream may grow beyond that: lower COLLECTOR_STREAM_MAX_BYTES or make room.")
    return good("Disk", text)


def examine_roles(settings: Settings, runtime: Runtime | None) -> Iterator[Finding]:
    """Ask the roles of a running `collector up`."""
    if runtime is None and settings.nats.url is not None and settings.postgres.url is not None:
        return  # the roles run somewhere else, on servers of the operator's own
    if runtime is None:
        yield odd("Roles", "no `collector up` runs in this data directory", "Start it with: collector up")
        return
    for role, host, port in (("web", settings.http.host, runtime.web_port), ("project", LOOPBACK, runtime.projector_port)):
        lacking = unready(host, port)
        for name, why in lacking.items():
            yield bad(role, f"is not ready: {name} {why}", f"Its log is in {settings.local.data.absolute() / 'logs'}.")
        if not lacking:
            yield good(role, f"is ready on port {port}")
