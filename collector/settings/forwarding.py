"""Forwarding: where page views and events are sent on to, in Flowcore's form, and what is shown there."""

from typing import Annotated

from collector.settings.declaration import Group, Setting
from collector.settings.parsers import address, optional


class Forwarding(Group, frozen=True, kw_only=True):
    """Where facts are sent on to, in Flowcore's form."""

    url: Annotated[
        str | None,
        Setting(
            "COLLECTOR_FORWARD_URL",
            "",
            address("http", "https"),
            "where the projector sends every page view and event on to, in Flowcore's form: https://other.example/api/transformer",
        ),
    ]
    secret: Annotated[
        str | None,
        Setting(
            "COLLECTOR_FORWARD_SECRET",
            "",
            optional,
            "what is shown there as X-Secret: for another Collector, a secret key of its with the scope ingest",
            secret=True,
        ),
    ]

    def contradictions(self) -> list[str]:
        """Say so when nothing would be shown."""
        if self.url is not None and self.secret is None:
            return ["COLLECTOR_FORWARD_URL needs COLLECTOR_FORWARD_SECRET, which is shown there as X-Secret"]
        return []
