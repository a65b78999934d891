"""forget: the one step at which a person leaves; read it from top to bottom to see what is kept and what is not."""

from datetime import datetime, timedelta

from collector.control.sites import Site
from collector.hit import Hit
from collector.privacy.anonymous import Anonymous
from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.referrer import trace
from collector.privacy.enrich.robot import AUTOMATED, REFERRER_SPAM, Verdict
from collector.privacy.props import redact_props
from collector.privacy.redact import clean, redact
from collector.privacy.text import printable
from collector.privacy.url import reduce_url
from collector.privacy.visitor import Salt, visitor_id
from contracts.events import Page

NAME_BYTES = 120
_EARLIEST = timedelta(days=-7)
_LATEST = timedelta(minutes=5)


def forget(hit: Hit, *, site: Site, salt: Salt, lists: Lists) -> Anonymous:
    """Return *hit* without the person: no address, user agent, full referrer, query, time zone or anything that looks personal.

    Whatever text a hit holds, this returns. The address and the user agent are read here for the last time.
    """
    reduced = reduce_url(hit.url)
    page = Page(hostname=_hostname(reduced.hostname, site), path=reduced.path)
    agent = lists.agents.read(hit.user_agent)
    traced = trace(hit.referrer, reduced.tags, page=page, site=site.id, sources=lists.sources)
    verdict = _judge(agent.verdict, hinted=hit.bot_hint, spam=traced.spam)
    return Anonymous(
        kind=hit.kind,
        tenant=site.tenant,
        site=site.id,
        received_at=hit.received_at,
        occurred_at=_moment(hit),
        salt_day=salt.day,
        visitor=visitor_id(salt, tenant=site.tenant, site=site.id, ip=hit.ip, user_agent=hit.user_agent),
        page=page,
        source=traced.source,
        device=agent.device,
        place=lists.places.find(hit.ip, hit.timezone),
        bot=verdict.rule,
        bot_name=verdict.name,
        key=None if hit.key is None else printable(hit.key),
        name=clean(hit.name, NAME_BYTES) if hit.name else "",
        props=redact_props(hit.props) if hit.props else {},
        revenue=hit.revenue,
        interactive=hit.interactive,
        engaged_ms=hit.engaged_ms,
        scroll_percent=hit.scroll_percent,
        batch=None if hit.batch is None else printable(hit.batch),
        lists=lists.version,
        places=lists.places.built,
    )


def _hostname(host: str, site: Site) -> str:
    """Return the page's host; a site may be called by an address or a token, but no other host may look like one."""
    if not host or host == site.id:
        return site.id
    return redact(host)


def _moment(hit: Hit) -> datetime:
    """Return when it happened; a client whose clock is far off is taken to mean "now", but an import keeps its own times."""
    if hit.occurred_at is None:
        return hit.received_at
    if hit.batch is not None or _EARLIEST <= hit.occurred_at - hit.received_at <= _LATEST:
        return hit.occurred_at
    return hit.received_at


def _judge(verdict: Verdict, *, hinted: bool, spam: bool) -> Verdict:
    if verdict.rule is not None:
        return verdict
    if hinted:
        return AUTOMATED
    return REFERRER_SPAM if spam else verdict
