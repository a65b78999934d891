"""`collector sites`: what is collected for, under which names, and what is left out."""

from typing import Any

import click

from collector.cli.deciding import ALL, BY, asked, deciding, everything, of_a_tenant, show, show_all, told
from collector.cli.options import examples
from collector.cli.sites_erase import command as erase
from collector.cli.sites_erase import show_progress
from collector.control.views import site_view
from contracts.control.sites import Exclusions, NameUse, Site, SiteState
from contracts.mounts import Mount


@click.group(
    "sites",
    epilog=examples(
        "collector sites add shop.example --timezone Europe/Oslo",
        "collector sites name shop.example www.shop.example",
        "collector sites exclude shop.example --path '/admin/*' --country NO",
        "collector sites bind minigem shop.example",
    ),
)
def command() -> None:
    """Add, name, rule and archive the sites that are collected for."""


@command.command("add", epilog=examples("collector sites add shop.example --timezone Europe/Oslo"))
@click.argument("site")
@click.option("--label", default="", metavar="TEXT", help="What it is called on pages.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="By which its days begin.")
@of_a_tenant
@asked
def add(*, site: str, label: str, timezone: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Add a site that goes by its key; the key stands in every fact and never changes. Twice is once."""
    settings = told(**options)
    owner = tenant or settings.collection.tenant
    with deciding(settings) as plane:
        if owner == settings.collection.tenant:
            plane.tenants.settle(owner, by=BY)
        show(site_view(plane.sites.add(owner, site, label=label, timezone=timezone, by=BY).thing), as_json=as_json)


@command.command("list", epilog=examples("collector sites list", "collector sites list --tenant acme --json"))
@of_a_tenant
@asked
def list_(*, tenant: str, as_json: bool, **options: Any) -> None:
    """List the sites of a tenant, but for those that were deleted with their facts."""
    settings = told(**options)
    found = everything(settings).some(Site, tenant or settings.collection.tenant, after="", most=ALL)
    views = [site_view(site) for site in found if site.state is not SiteState.ERASED]
    show_all(views, "key", "label", "state", "names", "timezone", as_json=as_json)


@command.command("show", epilog=examples("collector sites show shop.example"))
@click.argument("site")
@of_a_tenant
@asked
def show_(*, site: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Show a site."""
    settings = told(**options)
    with deciding(settings) as plane:
        found = plane.sites.find(tenant or settings.collection.tenant, site)
        show(site_view(found), as_json=as_json)
        if found.state is SiteState.ERASING:
            show_progress(settings, plane, found)


@command.command("label", epilog=examples("collector sites label shop.example --label Shop --timezone Europe/Oslo"))
@click.argument("site")
@click.option("--label", metavar="TEXT", help="What it is called on pages.")
@click.option("--timezone", metavar="ZONE", help="By which its days begin.")
@of_a_tenant
@asked
def label(*, site: str, label: str | None, timezone: str | None, tenant: str, as_json: bool, **options: Any) -> None:
    """Call a site otherwise on pages, or let its days begin by another time zone."""
    settings = told(**options)
    owner = tenant or settings.collection.tenant
    with deciding(settings) as plane:
        now = plane.sites.find(owner, site)
        wanted = {"label": now.label if label is None else label, "timezone": timezone or now.timezone}
        decided = plane.sites.describe(owner, site, **wanted, by=BY, expected_version=now.version)
        show(site_view(decided.thing), as_json=as_json)


@command.command("name", epilog=examples("collector sites name shop.example www.shop.example"))
@click.argument("site")
@click.argument("name")
@click.option("--alias", is_flag=True, help="What senders call it, and no domain of its pages.")
@of_a_tenant
@asked
def name(*, site: str, name: str, alias: bool, tenant: str, as_json: bool, **options: Any) -> None:
    """Let a site go by another name, too."""
    settings = told(**options)
    use = NameUse.ALIAS if alias else NameUse.DOMAIN
    with deciding(settings) as plane:
        decided = plane.sites.name(tenant or settings.collection.tenant, site, name, use=use, by=BY)
        show(site_view(decided.thing), as_json=as_json)


@command.command("unname", epilog=examples("collector sites unname shop.example www.shop.example"))
@click.argument("site")
@click.argument("name")
@of_a_tenant
@asked
def unname(*, site: str, name: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Let a site go by a name no more, so that any site may."""
    settings = told(**options)
    with deciding(settings) as plane:
        decided = plane.sites.unname(tenant or settings.collection.tenant, site, name, by=BY)
        show(site_view(decided.thing), as_json=as_json)


@command.command("origins", epilog=examples("collector sites origins shop.example https://shop.example"))
@click.argument("site")
@click.argument("origins", nargs=-1, metavar="[ORIGIN]...")
@of_a_tenant
@asked
def origins(*, site: str, origins: tuple[str, ...], tenant: str, as_json: bool, **options: Any) -> None:
    """Let only pages of these origins send for a site; none is any."""
    settings = told(**options)
    with deciding(settings) as plane:
        decided = plane.sites.decide_origins(tenant or settings.collection.tenant, site, origins, by=BY)
        show(site_view(decided.thing), as_json=as_json)


@command.command(
    "exclude",
    epilog=examples(
        "collector sites exclude shop.example --path '/admin/*' --path /health",
        "collector sites exclude shop.example --country NO --host staging.shop.example",
        "collector sites exclude shop.example --none",
    ),
)
@click.argument("site")
@click.option("--path", "paths", multiple=True, metavar="PATH", help="Pages; * stands for anything.")
@click.option("--country", "countries", multiple=True, metavar="CODE", help="Countries, such as NO.")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Hosts that pages are on.")
@click.option("--referrer", "referrers", multiple=True, metavar="HOST", help="Hosts that people come from.")
@click.option("--none", is_flag=True, help="Begin with nothing left out.")
@of_a_tenant
@asked
def exclude(*, site: str, none: bool, tenant: str, as_json: bool, data: Any, **lists: tuple[str, ...]) -> None:
    """Leave pages, countries, hosts and referrers out of a site, from now on; what is not named stays as it was."""
    settings = told(data=data)
    owner = tenant or settings.collection.tenant
    with deciding(settings) as plane:
        now = plane.sites.find(owner, site)
        before = Exclusions() if none else now.exclusions
        wanted = Exclusions(**{kind: said or getattr(before, kind) for kind, said in lists.items()})
        decided = plane.sites.decide_exclusions(owner, site, wanted, by=BY, expected_version=now.version)
        show(site_view(decided.thing), as_json=as_json)


@command.command("bind", epilog=examples("collector sites bind minigem shop.example"))
@click.argument("mount", type=click.Choice([mount.value for mount in Mount]))
@click.argument("site")
@of_a_tenant
@asked
def bind(*, mount: str, site: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Let what comes in at a system's addresses, and names no site, be for this one."""
    settings = told(**options)
    with deciding(settings) as plane:
        show(site_view(plane.mounts.bind(tenant or settings.collection.tenant, site, mount, by=BY).thing), as_json=as_json)


@command.command("unbind", epilog=examples("collector sites unbind minigem shop.example"))
@click.argument("mount", type=click.Choice([mount.value for mount in Mount]))
@click.argument("site")
@of_a_tenant
@asked
def unbind(*, mount: str, site: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Let what comes in at a system's addresses not be for this site any more."""
    settings = told(**options)
    with deciding(settings) as plane:
        show(site_view(plane.mounts.unbind(tenant or settings.collection.tenant, site, mount, by=BY).thing), as_json=as_json)


@command.command("reads", epilog=examples("collector sites reads shop.example --public"))
@click.argument("site")
@click.option("--public/--keyed", "is_public", required=True, help="Whether anybody may ask, or only who shows a key.")
@of_a_tenant
@asked
def reads(*, site: str, is_public: bool, tenant: str, as_json: bool, **options: Any) -> None:
    """Let anybody ask for a site's numbers, comments included, where the system that is asked wants no key; or nobody."""
    settings = told(**options)
    with deciding(settings) as plane:
        owner = tenant or settings.collection.tenant
        show(site_view(plane.sites.decide_reads(owner, site, is_public=is_public, by=BY).thing), as_json=as_json)


@command.command("archive", epilog=examples("collector sites archive shop.example"))
@click.argument("site")
@of_a_tenant
@asked
def archive(*, site: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Take nothing more for a site; what there is stays, and can be asked for."""
    settings = told(**options)
    with deciding(settings) as plane:
        show(site_view(plane.sites.archive(tenant or settings.collection.tenant, site, by=BY).thing), as_json=as_json)


@command.command("restore", epilog=examples("collector sites restore shop.example"))
@click.argument("site")
@of_a_tenant
@asked
def restore(*, site: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Let a site take again."""
    settings = told(**options)
    with deciding(settings) as plane:
        show(site_view(plane.sites.restore(tenant or settings.collection.tenant, site, by=BY).thing), as_json=as_json)


command.add_command(erase)
