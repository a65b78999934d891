"""Named fields -> the request that they tell of: what servers call each of its parts, written once for JSON and for columns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from collector.imports.accesslog.address import UNKNOWN, forwarded_in, is_host, is_name
from collector.imports.accesslog.asked import Asked, asked_for, asked_in
from collector.imports.accesslog.moment import moment_of
from collector.imports.accesslog.request import Request
from collector.imports.accesslog.skip import Skipped, SkipReason

# Names are in lower case, with _ for -, and a dot between a name and the one within; the first that says something counts.
_CLIENT: Final = (
    *("request.client_ip", "request.remote_ip", "request.remote_addr"),  # Caddy
    *("clienthost", "clientaddr"),  # Traefik
    *("remote_addr", "remote_ip", "remote_address", "remote_host", "client_ip", "clientip", "client", "c_ip", "ip", "host_ip"),
    *("httprequest.remoteip", "downstream_remote_address", "client.ip", "source.ip", "client.address", "source.address"),
)
_FORWARDED: Final = (
    *("request.headers.x_forwarded_for", "request_x_forwarded_for"),
    *("http_x_forwarded_for", "x_forwarded_for", "xff", "forwarded_for", "cs(x_forwarded_for)"),
)
_MOMENT: Final = (
    *("ts", "startutc", "startlocal", "time_iso8601", "time_local", "@timestamp", "timestamp", "start_time"),
    *("time", "datetime", "date", "msec"),
)
_LINE: Final = ("request", "request_line", "req")
_METHOD: Final = (
    *("request.method", "requestmethod", "request_method", "method", "cs_method", "verb"),
    *("httprequest.requestmethod", "http.request.method"),
)
_TARGET: Final = (
    *("request.uri", "requestpath", "request_uri", "uri", "cs_uri_stem", "url", "path", "request_path"),
    *("httprequest.requesturl", "url.original"),
)
_QUERY: Final = ("cs_uri_query", "query_string", "querystring", "query", "args")
_STATUS: Final = (
    *("status", "downstreamstatus", "sc_status", "response_code", "status_code", "code", "response.status"),
    *("httprequest.status", "http.response.status_code"),
)
_SIZE: Final = (
    *("size", "downstreamcontentsize", "body_bytes_sent", "bytes_sent", "sc_bytes", "bytes", "response_size"),
    *("httprequest.responsesize", "resp_size"),
)
_REFERRER: Final = (
    *("request.headers.referer", "request_referer", "http_referer", "http_referrer", "referer", "referrer", "cs(referer)"),
    "httprequest.referer",
)
_AGENT: Final = (
    *("request.headers.user_agent", "request_user_agent", "http_user_agent", "user_agent", "useragent", "agent"),
    *("cs(user_agent)", "httprequest.useragent", "user_agent.original"),
)
_HOST: Final = (
    *("request.host", "requesthost", "http_host", "host", "cs(host)", "cs_host", "x_host_header", "vhost", "virtual_host"),
    *("server_name", "authority", "domain", "request_host"),
)
_NOTHING: Final = ("", "-")


def request_in(fields: Mapping[str, str]) -> Request:
    """Return the request that *fields* tell of, or raise Skipped when they tell of none."""
    asked = _asked(fields)
    status = _said(fields, _STATUS)
    if not (len(status) == 3 and status.isdecimal()):  # noqa: PLR2004  # as every status
        raise Skipped(SkipReason.NO_REQUEST)
    vhost = _said(fields, _HOST)
    return Request(
        vhost=vhost if is_host(vhost) else "",
        host=asked.host,
        peers=_peers(fields),
        forwarded=forwarded_in(_said(fields, _FORWARDED)),
        at=_moment(fields),
        method=asked.method,
        target=asked.target,
        status=int(status),
        size=_said(fields, _SIZE) or "-",
        referrer=_said(fields, _REFERRER),
        user_agent=_said(fields, _AGENT) if any(name in fields for name in _AGENT) else None,
    )


def _said(fields: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := fields.get(name, "")) not in _NOTHING), "")


def _asked(fields: Mapping[str, str]) -> Asked:
    line = _said(fields, _LINE)
    if " " in line:
        return asked_in(line)
    method, target = _said(fields, _METHOD), _said(fields, _TARGET)
    if not (method and target):
        raise Skipped(SkipReason.NO_REQUEST)
    query = _said(fields, _QUERY)
    return asked_for(method, f"{target}?{query}" if query and "?" not in target else target)


def _peers(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the client; it is a list where a server that trusts its proxy, such as Traefik, writes what that has forwarded."""
    said = _said(fields, _CLIENT)
    hops = tuple(hop for hop in forwarded_in(said) if hop != UNKNOWN)
    return hops or ((said,) if is_name(said) else ())


def _moment(fields: Mapping[str, str]) -> datetime:
    date, time = fields.get("date", ""), fields.get("time", "")
    # Of columns that hold a day and a time each, both are needed.
    return moment_of(f"{date} {time}" if len(date) == 10 and ":" in time and len(time) <= 12 else _said(fields, _MOMENT))  # noqa: PLR2004
