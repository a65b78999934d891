"""`collector funnels`: what people are to do one after the other; a funnel holds for everything that is stored, at once."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from collector.cli.deciding import BY, asked, deciding, of_a_tenant, show, told
from collector.cli.options import examples
from collector.cli.targets import Sort, define_the_rest
from collector.control.goal_views import funnel_view, listed_funnel
from collector.control.wanted import LONGEST_WINDOW, FunnelWanted, steps
from contracts.control.goals import Funnel, funnels_of

Command = TypeVar("Command", bound=Callable[..., Any])
_ADD = ("collector funnels add shop.example Checkout '/pricing*' /cart Purchase --window 3600",)


@click.group("funnels", epilog=examples(*_ADD, "collector funnels list shop.example"))
def command() -> None:
    """Say what people are to do one after the other; it holds for all that is stored, at once."""


def _window(command: Command) -> Command:
    help_ = "Within how many seconds of the first step the others are."
    return click.option("--window", type=int, default=LONGEST_WINDOW, show_default=True, metavar="SECONDS", help=help_)(command)


@command.command("add", epilog=examples(*_ADD))
@click.argument("site")
@click.argument("name")
@click.argument("said", nargs=-1, metavar="STEP STEP [STEP]...")
@click.option("--id", "short", default="", metavar="SHORT", help="What names it in addresses [made of its name].")
@_window
@of_a_tenant
@asked
def add(
    *, site: str, name: str, said: tuple[str, ...], short: str, window: int, tenant: str, as_json: bool, **options: Any
) -> None:
    """Define a funnel of a site. A step is a path that begins with a slash, in which * stands for anything, or an event."""
    settings = told(**options)
    with deciding(settings) as plane:
        wanted = FunnelWanted(name=name, steps=steps(said), window_seconds=window)
        decided = plane.funnels.add(tenant or settings.collection.tenant, site, wanted, short=short, by=BY)
        show(funnel_view(decided.thing), as_json=as_json)


@command.command("change", epilog=examples("collector funnels change shop.example checkout Checkout /cart /pay Purchase"))
@click.argument("site")
@click.argument("funnel")
@click.argument("name")
@click.argument("said", nargs=-1, metavar="STEP STEP [STEP]...")
@_window
@of_a_tenant
@asked
def change(
    *, site: str, funnel: str, name: str, said: tuple[str, ...], window: int, tenant: str, as_json: bool, **options: Any
) -> None:
    """Define a funnel otherwise, for all that is stored and all that comes."""
    settings = told(**options)
    with deciding(settings) as plane:
        wanted = FunnelWanted(name=name, steps=steps(said), window_seconds=window)
        decided = plane.funnels.change(tenant or settings.collection.tenant, site, funnel, wanted, by=BY)
        show(funnel_view(decided.thing), as_json=as_json)


define_the_rest(
    command,
    Sort(
        noun="funnel",
        example="checkout",
        type_=Funnel,
        all_of=funnels_of,
        targets=lambda plane: plane.funnels,
        view=funnel_view,
        listed=listed_funnel,
        columns=("funnel", "name", "steps", "window_seconds", "version"),
    ),
)
