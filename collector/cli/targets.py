"""What `collector goals` and `collector funnels` do alike: list those of a site, show one, and withdraw one."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import click
from msgspec import Struct

from collector.cli.deciding import ALL, BY, asked, deciding, everything, of_a_tenant, show, show_all, told
from collector.cli.options import examples
from collector.control.goals import Targets
from collector.control.plane import ControlPlane
from contracts.control.goals import Funnel, Goal

T = TypeVar("T", Goal, Funnel)


class Sort(Struct, Generic[T], frozen=True, kw_only=True):
    """A sort of target as its commands need it: what one is called, such as the *example*, and how it is found and shown."""

    noun: str
    example: str
    type_: type[T]
    all_of: Callable[[str, str], str]
    targets: Callable[[ControlPlane], Targets[T, Any]]
    view: Callable[[T], Struct]
    listed: Callable[[T], Struct]
    columns: tuple[str, ...]


def define_the_rest(group: click.Group, sort: Sort[T]) -> None:
    """Add to *group* the commands beside those by which one is defined."""
    _define_list(group, sort)
    _define_show(group, sort)
    _define_withdraw(group, sort)


def _define_list(group: click.Group, sort: Sort[T]) -> None:
    @group.command(
        "list",
        epilog=examples(f"collector {sort.noun}s list shop.example"),
        help=f"List the {sort.noun}s of a site, but for those that are withdrawn.",
    )
    @click.argument("site")
    @of_a_tenant
    @asked
    def list_(*, site: str, tenant: str, as_json: bool, **options: Any) -> None:
        settings = told(**options)
        owner = tenant or settings.collection.tenant
        found = everything(settings).some(
            sort.type_, owner, after=sort.all_of(owner, site), most=ALL, fits=lambda one: _works(one, site)
        )
        if as_json:
            return show_all([sort.view(one) for one in found], as_json=True)
        return show_all(map(sort.listed, found), *sort.columns, as_json=False)


def _define_show(group: click.Group, sort: Sort[T]) -> None:
    @group.command(
        "show",
        epilog=examples(f"collector {sort.noun}s show shop.example {sort.example}"),
        help=f"Show a {sort.noun}, also one that is withdrawn.",
    )
    @click.argument("site")
    @click.argument("short", metavar=sort.noun.upper())
    @of_a_tenant
    @asked
    def show_(*, site: str, short: str, tenant: str, as_json: bool, **options: Any) -> None:
        settings = told(**options)
        with deciding(settings) as plane:
            show(sort.view(sort.targets(plane).find(tenant or settings.collection.tenant, site, short)), as_json=as_json)


def _define_withdraw(group: click.Group, sort: Sort[T]) -> None:
    @group.command(
        "withdraw",
        epilog=examples(f"collector {sort.noun}s withdraw shop.example {sort.example}"),
        help=f"Let a {sort.noun} be asked for no more; added again, it is there again, with all of the past.",
    )
    @click.argument("site")
    @click.argument("short", metavar=sort.noun.upper())
    @of_a_tenant
    @asked
    def withdraw(*, site: str, short: str, tenant: str, as_json: bool, **options: Any) -> None:
        settings = told(**options)
        with deciding(settings) as plane:
            decided = sort.targets(plane).withdraw(tenant or settings.collection.tenant, site, short, by=BY)
            show(sort.view(decided.thing), as_json=as_json)


def _works(one: Goal | Funnel, site: str) -> bool:
    return one.site == site and not one.is_withdrawn
