"""The last use of a key is known by the hour, and by tenant."""

from datetime import timedelta

from contracts.tallies import OTHER_KEYS, Ending, hour_of
from projections.database import open_engine
from projections.tallies.tables import keep
from projections.tallies.use import last_uses
from tests.projections.tallies.telling import NOW, line, part

EARLIER, LONG_AGO = NOW - timedelta(hours=3), NOW - timedelta(days=9)


async def test_the_last_hour_in_which_a_key_sent_anything_is_known_to_its_tenant(database_url: str):
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        told = [
            part(
                line(3, key_id="k1"), line(9), line(7, key_id=OTHER_KEYS), line(1, key_id="theirs", tenant="other"), at=EARLIER
            ),
            part(line(1, Ending.REFUSED, "rate_limited", site="", key_id="k1"), number=1),
            part(line(2, key_id="k2"), at=EARLIER, number=2),
        ]
        await keep(connection, told)
        assert await last_uses(connection, "main", since=LONG_AGO) == {
            "k1": hour_of(NOW),
            "k2": hour_of(EARLIER),
        }
        assert await last_uses(connection, "nobody", since=EARLIER) == {}
    await engine.dispose()
