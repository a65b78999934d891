"""`collector policies`: whom the facts of a site may name, and which properties no redactor touches."""

from typing import Any

import click

from collector.cli.deciding import BY, asked, deciding, of_a_tenant, show, told
from collector.cli.options import examples
from collector.control.views import site_view
from contracts.control.sites import Identity


@click.group("policies", epilog=examples("collector policies set shop.example --identity anonymous"))
def command() -> None:
    """Decide how people of a site are treated."""


@command.command(
    "set",
    epilog=examples(
        "collector policies set shop.example --identity anonymous",
        "collector policies set app.example --identity pseudonymous --keep plan --keep seats",
    ),
)
@click.argument("site")
@click.option(
    "--identity", type=click.Choice([identity.value for identity in Identity]), required=True, help="Whom its facts may name."
)
@click.option("--keep", "kept", multiple=True, metavar="PROPERTY", help="A property that no redactor touches.")
@of_a_tenant
@asked
def set_(*, site: str, identity: str, kept: tuple[str, ...], tenant: str, as_json: bool, **options: Any) -> None:
    """Treat people of a site so from now on: what is not named is not kept any more.

    anonymous: nobody is named. pseudonymous: user ids become pseudonyms that only this tenant's secret makes. plain: user ids
    are kept as they are sent.
    """
    settings = told(**options)
    with deciding(settings) as plane:
        decided = plane.sites.decide_policy(
            tenant or settings.collection.tenant, site, identity=Identity(identity), kept=kept, by=BY
        )
        show(site_view(decided.thing).policy, as_json=as_json)


@command.command("show", epilog=examples("collector policies show shop.example"))
@click.argument("site")
@of_a_tenant
@asked
def show_(*, site: str, tenant: str, as_json: bool, **options: Any) -> None:
    """Show how people of a site are treated."""
    settings = told(**options)
    with deciding(settings) as plane:
        show(site_view(plane.sites.find(tenant or settings.collection.tenant, site)).policy, as_json=as_json)
