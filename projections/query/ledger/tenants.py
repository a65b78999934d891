"""The ledgers of everybody in an installation, for whoever runs it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import text

from contracts.control.tenants import KIND
from projections.query.caller import only_caller
from projections.query.database import at_the_door, open_engine, reading
from projections.query.ledger.answers import TenantLedger, ledger_of_all
from projections.query.question import parse_question

_TENANTS = text(f"SELECT tenant FROM control_things WHERE kind = '{KIND}' ORDER BY tenant")


async def ledgers(
    database_url: str, *, own: str, now: datetime, days: int, tenant: str = "", site: str = ""
) -> AsyncIterator[tuple[str, TenantLedger]]:
    """Yield each tenant's ledger of the last *days*, or that of one *tenant*, and of one *site* alone where one is named.

    What is nobody's stands in that of the tenant that is the installation's *own*. Raise Refused while there is no database.
    """
    engine = open_engine(database_url)
    asked = {"period": ["custom"], "from": [f"{now - timedelta(days=days - 1):%Y-%m-%d}"], "to": [f"{now:%Y-%m-%d}"]}
    try:
        tenants = [tenant]
        if not tenant:
            async with at_the_door(engine) as connection:
                tenants = sorted({own, *(row.tenant for row in await connection.execute(_TENANTS))})
        for each in tenants:
            sites = frozenset({site}) if site else None
            caller = replace(only_caller(each), runs_installation=each == own, sites=sites)
            async with reading(engine, caller) as connection:
                yield each, await ledger_of_all(connection, parse_question(asked, caller=caller, sites=(), now=now))
    finally:
        await engine.dispose()
