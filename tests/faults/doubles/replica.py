"""An ingest replica reduced to its salt: it hashes one and the same visitor all the time, and prints what comes of it.

nats-server is a Go program, whose clock libfaketime cannot move, so what it says of its time is moved here as far as the
test has moved everybody's; a replica's own skew is measured against that, with the product's own tolerance.
"""

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from collector.cli.clock import utc_now
from collector.jobs import schedule
from collector.outcomes import Unavailable
from collector.privacy.visitor import visitor_id
from collector.salts.agreed import AgreedSalts
from collector.salts.bucket import SaltBucket
from collector.stream import connection as broker
from collector.upkeep import running_beside
from tests.faults.clocks import Hash, read_offset

BEAT = 0.02
ensure = SaltBucket.ensure


async def replicate(nats_url: str, everybodys_clock: Path) -> None:
    async def ensure_in_everybodys_time(bucket: SaltBucket) -> datetime:
        moved = timedelta(seconds=read_offset(everybodys_clock))
        return await ensure(bucket) + moved

    SaltBucket.ensure = ensure_in_everybodys_time
    salts: AgreedSalts | None = None

    def on_loss() -> None:
        if salts is not None:
            salts.doubt()

    client = await broker.connect(nats_url, on_loss=on_loss)
    salts = AgreedSalts(client, utc_now)
    async with running_beside(salts.watch()):
        with schedule(salts, lambda: None):
            await hash_for_ever(salts)


async def hash_for_ever(salts: AgreedSalts) -> None:
    while True:
        sys.stdout.write(f"{msgspec.json.encode(await one_hash(salts)).decode()}\n")
        sys.stdout.flush()
        await asyncio.sleep(BEAT)


async def one_hash(salts: AgreedSalts) -> Hash:
    """Do with a hit what the pipeline does."""
    at = utc_now()
    try:
        salt = salts.held(at) or await salts.of(at)
    except Unavailable:
        return Hash(at=at)
    visitor = visitor_id(salt, tenant="main", site="shop.example", ip="192.0.2.7", user_agent="Firefox")
    return Hash(at=at, day=salt.day, visitor=visitor)


if __name__ == "__main__":
    asyncio.run(replicate(sys.argv[1], Path(sys.argv[2])))
