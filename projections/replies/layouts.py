"""The layouts in which a site's actions are written as files: whose, and what writes them; LAYOUTS is their only list."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from projections.query.product.exported import all_actions, all_people
from projections.query.product.recorded import arrived_actions
from projections.replies.minigem_layout import write_logs
from projections.replies.nodash_layout import Written, write_layout

# Into which folder, which is new or empty, from which tables, of which tenant's site.
Write: TypeAlias = Callable[[Path, AsyncConnection, str, str], Awaitable[Written]]


async def write_nodash(folder: Path, connection: AsyncConnection, tenant: str, site: str) -> Written:
    """Write events and subjects as Nodash lays them out."""
    return await write_layout(folder, tenant, all_actions(connection, tenant, site), all_people(connection, tenant, site))


async def write_minigem(folder: Path, connection: AsyncConnection, tenant: str, site: str) -> Written:
    """Write the event log as Minigem lays it out."""
    return Written(events=await write_logs(folder, arrived_actions(connection, tenant, site)), users=0)


LAYOUTS: Final[Mapping[str, Write]] = {"nodash": write_nodash, "minigem": write_minigem}
