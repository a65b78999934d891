"""forget: the one step at which a person leaves; read it from top to bottom to see what is kept and what is not."""

from collector.hit import Hit, Person
from collector.kinds import KIND_OF
from collector.kinds.kind import Kinds, Need
from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.robot import AUTOMATED
from collector.privacy.evidence import evidence_of
from collector.privacy.identity import NOBODY, identity_of
from collector.privacy.props import NOTHING_KEPT
from collector.privacy.pseudonym import TenantSecret
from collector.privacy.remains import Remains
from collector.privacy.text import printable
from collector.privacy.visitor import Salt, visitor_id
from collector.record import fact_id
from collector.sites import Site
from contracts.events import Fact


def forget(
    hit: Hit, *, site: Site, salt: Salt | None, lists: Lists, kinds: Kinds = KIND_OF, secret: TenantSecret | None = None
) -> Fact:
    """Return *hit* as a fact without the person: no address, user agent, full referrer, query, time zone or language tag.

    Whatever text a hit holds, this returns. The address and the user agent are read here for the last time. *salt* and *secret*
    are there where the kind of the claim needs them.
    """
    person, kind = hit.person, kinds[type(hit.claim)]
    agent = lists.agents.read(person.user_agent)
    located = lists.places.find(person.ip, person.timezone)
    verdict = AUTOMATED if agent.verdict.rule is None and person.is_automated else agent.verdict
    remains = Remains(
        salt_day=hit.received_at.date() if salt is None else salt.day,
        visitor="" if salt is None else _visitor_of(person, site, salt),
        device=agent.device,
        place=located.place,
        language=person.language,
        verdict=verdict,
        evidence=evidence_of(person, agent.verdict, is_hosting=located.is_hosting),
        kept=NOTHING_KEPT if site.rules is None else site.rules.kept,
        identity=identity_of(site, secret) if Need.SECRET in kind.needs else NOBODY,
    )
    key = None if hit.key is None else printable(hit.key)
    envelope = {
        "id": fact_id(key, tenant=site.tenant, site=site.id, received_at=hit.received_at),
        "tenant": site.tenant,
        "site": site.id,
        "occurred_at": kind.happened_at(hit),
        "received_at": hit.received_at,
        "batch": None if hit.batch is None else printable(hit.batch),
        "lists": lists.version,
        "places": lists.places.built,
        "policy": "" if site.rules is None else site.rules.policy,
    }
    return kind.fact(hit.claim, envelope, remains, lists)


def _visitor_of(person: Person, site: Site, salt: Salt) -> str:
    """Return the visitor's id, "" for somebody of whom nothing is known that could tell them from others."""
    if person.is_unnamed:
        return ""
    return visitor_id(salt, tenant=site.tenant, site=site.id, ip=person.ip, user_agent=person.user_agent)
