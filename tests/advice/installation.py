"""Installation: a stream, tables and a terminal, whose commands run in this process as the product's messages tell to."""

import asyncio
import re
import shlex
from pathlib import Path
from typing import Any

from click import Context
from click.testing import CliRunner, Result
from nats.js.api import StreamConfig

from collector.cli import main
from tests.projections.world import Facts, Tables, project_all
from tests.running import clean_environment

ADVISED = re.compile(r"`(collector [^`]*)`|Run: (collector [a-z-]+(?: --[a-z-]+)*)")


class Installation:
    """A stream, tables and a terminal."""

    def __init__(self, facts: Facts, tables: Tables, database_url: str, folder: Path) -> None:
        self.facts, self.tables, self.database_url = facts, tables, database_url
        self._known = {
            "COLLECTOR_NATS_URL": facts.nats_url,
            "COLLECTOR_DATABASE_URL": database_url,
            "COLLECTOR_DATA": str(folder / "data"),
        }

    async def run(self, line: str, *, looks: bool = True, **settings: str) -> Result:
        """Run `collector ...` as it is advised, to its end, and look at what is read then."""
        environment = clean_environment(**self._known | settings)
        _, *arguments = shlex.split(line)
        name, *options = arguments
        # The command itself: what stands before all of them takes the right to leave a core from the whole process.
        command = main.get_command(Context(main), name)
        assert command is not None
        result = await asyncio.to_thread(CliRunner().invoke, command, options, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        if looks:
            await self.tables.turn_to_current()
        return result

    async def count(self, *facts: Any) -> None:
        """Have *facts* stored and counted."""
        await self.facts.publish(*facts)
        await project_all(self.facts, self.tables, self.database_url)

    async def kept(self) -> dict[str, Any]:
        """Return everything that there is to lose: what the tables hold, and what the streams do."""
        names = [stream.config.name for stream in await self.facts.client.jetstream().streams_info()]
        streams = {name: await self._state(name) for name in sorted(names)}
        return {"generation": await self.tables.turn_to_current(), "tables": await self.tables.digest(), **streams}

    async def hits(self) -> int:
        await self.tables.turn_to_current()
        return await self.tables.count("hits")

    async def edit(self, **settings: Any) -> None:
        """Do what `nats stream edit` does."""
        jetstream = self.facts.client.jetstream()
        config = (await jetstream.stream_info(self.facts.stream.name)).config.evolve(**settings)
        await jetstream.update_stream(StreamConfig(**config.__dict__))

    async def _state(self, name: str) -> tuple[int, int, int]:
        state = (await self.facts.client.jetstream().stream_info(name)).state
        return state.first_seq, state.last_seq, state.messages


def advised(text: str) -> list[str]:
    """Return the commands of ours that *text* names, in their order."""
    return [" ".join((quoted or plain).split()) for quoted, plain in ADVISED.findall(text)]
