"""`collector goals`: what people are to reach on a site; a goal holds for everything that is stored, the moment it is there."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from collector.cli.deciding import BY, asked, deciding, of_a_tenant, show, told
from collector.cli.options import examples
from collector.cli.targets import Sort, define_the_rest
from collector.control.goal_views import goal_view, listed_goal
from collector.control.wanted import GoalWanted, money, properties
from contracts.control.goals import Goal, goals_of

Command = TypeVar("Command", bound=Callable[..., Any])
_ADD = (
    "collector goals add shop.example 'Saw a price' --page '/pricing*'",
    "collector goals add shop.example 'Paid plan' --event Signup --prop plan=pro --amount 49.90 --currency EUR",
    "collector goals add shop.example Sale --event Purchase --revenue",
)


@click.group("goals", epilog=examples(*_ADD, "collector goals list shop.example"))
def command() -> None:
    """Say what people are to reach on a site; it holds for all that is stored, at once."""


def _definition(command: Command) -> Command:
    """Add what a goal is defined by."""
    for option in (
        click.option("--revenue", is_flag=True, help="Count the event's own revenue."),
        click.option("--currency", default="", metavar="CODE", help="Of the amount, such as EUR."),
        click.option("--amount", default="", metavar="NUMBER", help="What it is worth each time."),
        click.option("--prop", "props", multiple=True, metavar="TEST", help="Of the event: plan=pro, plan!=free, seats>=10."),
        click.option("--event", default="", metavar="NAME", help="Reached by the event of this name,"),
        click.option("--page", default="", metavar="PATH", help="or by pages with this path; * stands for anything."),
    ):
        command = option(command)
    return command


@command.command("add", epilog=examples(*_ADD))
@click.argument("site")
@click.argument("name")
@click.option("--id", "short", default="", metavar="SHORT", help="What names it in addresses [made of its name].")
@_definition
@of_a_tenant
@asked
def add(*, site: str, name: str, short: str, tenant: str, as_json: bool, data: Any, **said: Any) -> None:
    """Define a goal of a site, reached by a page or an event. Twice is once."""
    settings = told(data=data)
    with deciding(settings) as plane:
        decided = plane.goals.add(tenant or settings.collection.tenant, site, _wanted(name, **said), short=short, by=BY)
        show(goal_view(decided.thing), as_json=as_json)


@command.command("change", epilog=examples("collector goals change shop.example paid-plan 'Paid plan' --event Upgrade"))
@click.argument("site")
@click.argument("goal")
@click.argument("name")
@_definition
@of_a_tenant
@asked
def change(*, site: str, goal: str, name: str, tenant: str, as_json: bool, data: Any, **said: Any) -> None:
    """Define a goal otherwise, for all that is stored and all that comes."""
    settings = told(data=data)
    with deciding(settings) as plane:
        decided = plane.goals.change(tenant or settings.collection.tenant, site, goal, _wanted(name, **said), by=BY)
        show(goal_view(decided.thing), as_json=as_json)


define_the_rest(
    command,
    Sort(
        noun="goal",
        example="paid-plan",
        type_=Goal,
        all_of=goals_of,
        targets=lambda plane: plane.goals,
        view=goal_view,
        listed=listed_goal,
        columns=("goal", "name", "reached_by", "worth", "version"),
    ),
)


def _wanted(
    name: str, *, page: str, event: str, props: tuple[str, ...], amount: str, currency: str, revenue: bool
) -> GoalWanted:
    return GoalWanted(
        name=name,
        page=page,
        event=event,
        props=properties(props),
        amount=money(amount, currency),
        counts_revenue=revenue,
    )
