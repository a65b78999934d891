"""A fact -> what Flowcore's event type holds of it: what the stream has, and so nobody's address."""

from datetime import UTC, datetime

from msgspec import UNSET, structs

from contracts.events import EventRecorded, Fact, PageViewed, Source
from contracts.flowcore import BATCH, DATA_CORE, EVENT_TYPE, FLOW_TYPE, Delivery, SessionContext, Tracked, hash_of


def delivery_of(fact: Fact) -> Delivery | None:
    """Return *fact* as it is forwarded, None where Flowcore's form has no place for it: other families, and time in view.

    What was forwarded to us is not sent on, so that two installations may forward to each other.
    """
    if not isinstance(fact, PageViewed | EventRecorded) or fact.batch == BATCH:
        return None
    return Delivery(
        event_id=fact.id,
        time_bucket=f"{fact.occurred_at.astimezone(UTC):%Y%m%d%H}0000",
        tenant=fact.tenant,
        data_core_id=DATA_CORE,
        flow_type=FLOW_TYPE,
        event_type=EVENT_TYPE,
        payload=_tracked(fact),
        valid_time=_moment(fact.occurred_at),
    )


def _tracked(fact: PageViewed | EventRecorded) -> Tracked:
    return Tracked(
        visitor_hash=hash_of(fact.visitor),
        domain=fact.site,
        pathname=fact.page.path,
        referrer=fact.source.referrer,
        session_context=_context(fact),
    )


def _context(fact: PageViewed | EventRecorded) -> SessionContext:
    context = SessionContext(
        daily_salt_rotation=fact.salt_day.isoformat(),
        hostname=fact.page.hostname if fact.page.hostname != fact.site else UNSET,
        campaign=_campaign(fact.source) or UNSET,
        bot=UNSET if fact.bot is None else fact.bot.value,
    )
    if isinstance(fact, PageViewed):
        return context
    return structs.replace(
        context,
        event_name=fact.name,
        custom_properties=fact.props or UNSET,
        interactive=UNSET if fact.interactive else False,
    )


def _campaign(source: Source) -> dict[str, str]:
    return {name: value for name, value in structs.asdict(source).items() if name.startswith("utm_") and value}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
