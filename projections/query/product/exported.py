"""Exported: every action and subject of a site, one after the other, however many there are."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.product.actions import Action, ActionQuestion, list_actions
from projections.query.product.people import Known, PeopleOrder, PeopleQuestion, list_people

# One reading of a database that answers within seconds; the next begins where it ended.
_AT_ONCE: Final = 5000


async def all_actions(connection: AsyncConnection, tenant: str, site: str) -> AsyncIterator[Action]:
    """Yield every action of the site, the oldest first."""
    question = ActionQuestion(tenant=tenant, site=site, is_descending=False, limit=_AT_ONCE)
    seen: tuple[datetime | None, frozenset[str]] = (None, frozenset())
    while True:
        since, passed = seen
        # Those of the last moment come again, and however many they are, some are beyond them.
        found = await list_actions(connection, structs.replace(question, since=since, limit=_AT_ONCE + len(passed)))
        new = [action for action in found if action.id not in passed]
        for action in new:
            yield action
        if not new:
            return
        last = new[-1].occurred_at
        same = {action.id for action in found if action.occurred_at == last}
        seen = (last, frozenset(same | passed if last == since else same))


async def all_people(connection: AsyncConnection, tenant: str, site: str) -> AsyncIterator[Known]:
    """Yield every subject of the site, those first seen first."""
    question = PeopleQuestion(tenant=tenant, site=site, order=PeopleOrder.FIRST_SEEN, is_descending=False, limit=_AT_ONCE)
    offset = 0
    while found := await list_people(connection, structs.replace(question, offset=offset)):
        for known in found:
            yield known
        offset += len(found)
