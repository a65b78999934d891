"""`collector goals`: what people are to reach on a site; a goal holds for everything that is stored, the moment it is there."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from collector.cli.deciding import ALL, BY, asked, deciding, everything, of_a_tenant, show, show_all, told
from collector.cli.options import examples
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


@command.command("list", epilog=examples("collector goals list shop.example"))
@click.argument("site")
@of_a_tenant
@asked
def list_(*, site: str, tenant: str, as_json: bool, **options: Any) -> None:
    """List the goals of a site, but for those that are withdrawn."""
    settings = told(**options)
    owner = tenant or settings.collection.tenant
    found = everything(settings).some(
        Goal, owner, after=goals_of(owner, site), most=ALL, fits=lambda goal: goal.site == site and not goal.is_withdrawn
    )
    if as_json:
        return show_all([goal_view(goal) for goal in found], as_json=True)
    return show_all(map(listed_goal, found), "goal", "name", "reached_by", "worth", "version", as_json=False)


@command.command("show", epilog=examples("collector goals show shop.example paid-plan"))
@click.argument("site")
@click.argument("goal")
@of_a_tenant
@asked
def show_(*, site: str, goal: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Show a goal, also one that is withdrawn."""
    settings = told(**options)
    with deciding(settings) as plane:
        show(goal_view(plane.goals.find(tenant or settings.collection.tenant, site, goal)), as_json=as_json)


@command.command("withdraw", epilog=examples("collector goals withdraw shop.example paid-plan"))
@click.argument("site")
@click.argument("goal")
@of_a_tenant
@asked
def withdraw(*, site: str, goal: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Let a goal be asked for no more; added again, it is there again, with all of the past."""
    settings = told(**options)
    with deciding(settings) as plane:
        decided = plane.goals.withdraw(tenant or settings.collection.tenant, site, goal, by=BY)
        show(goal_view(decided.thing), as_json=as_json)


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
