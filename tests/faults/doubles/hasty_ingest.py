"""An ingest role that answers before the stream has said that it has the event."""

import asyncio

from collector.cli import main
from collector.outcomes import Stored
from collector.stream.publisher import Publisher
from contracts.events import Fact

submit = Publisher.submit


def submit_and_hope(self: Publisher, event: Fact) -> "asyncio.Future[Stored]":
    outcome = submit(self, event)
    outcome.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    hoped = asyncio.get_running_loop().create_future()
    hoped.set_result(Stored(id=event.id, duplicate=False))
    return hoped


if __name__ == "__main__":
    Publisher.submit = submit_and_hope
    main(["serve"])
