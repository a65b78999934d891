"""Asking a role on this machine over HTTP, with the standard library alone."""

import http
import http.client
import ipaddress
import json

_SECONDS = 3.0


def ask(host: str, port: int, path: str) -> tuple[int, str]:
    """Return the status and the body of the answer; 0 and the reason when there is none."""
    connection = http.client.HTTPConnection(nearby(host), port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"no answer from {nearby(host)}:{port} ({type(error).__name__})"
    finally:
        connection.close()


def unready(host: str, port: int) -> dict[str, str]:
    """Return what the role on *port* lacks, by name; nothing when it is ready."""
    status, body = ask(host, port, "/readyz")
    if status == http.HTTPStatus.OK:
        return {}
    try:
        checks: dict[str, str] = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return {f"port {port}:": body or "no answer"}
    return {name: why for name, why in checks.items() if why != "ok"}


def nearby(host: str) -> str:
    """Return the address at which this machine reaches what listens on *host*, which may stand for every address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004  # the Internet Protocol's own number
