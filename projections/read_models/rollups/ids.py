"""tenant_ids and site_ids: the small numbers by which narrow tables know tenants and sites; each generation has its own."""

from collections.abc import Collection

from sqlalchemy import Column, Identity, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.ext.asyncio import AsyncConnection

from projections.schema import WEB

TENANT_IDS = Table(
    "tenant_ids",
    WEB,
    Column("id", Integer, Identity(), primary_key=True),
    Column("tenant", Text, nullable=False),
    UniqueConstraint("tenant"),
)
SITE_IDS = Table(
    "site_ids",
    WEB,
    Column("id", Integer, Identity(), primary_key=True),
    Column("owner", Integer, nullable=False),  # the tenant's number
    Column("tenant", Text, nullable=False),
    Column("site", Text, nullable=False),
    UniqueConstraint("tenant", "site"),
)

# Only what is missing is inserted: a conflict would use up a number each time.
_ADD_TENANTS = text("""
    INSERT INTO tenant_ids (tenant)
    SELECT DISTINCT tenant FROM unnest(CAST(:tenants AS text[])) AS wanted (tenant)
    WHERE NOT EXISTS (SELECT FROM tenant_ids AS known WHERE known.tenant = wanted.tenant)
    ON CONFLICT DO NOTHING
""")
_ADD_SITES = text("""
    INSERT INTO site_ids (owner, tenant, site)
    SELECT DISTINCT tenant_ids.id, tenant, site
    FROM unnest(CAST(:tenants AS text[]), CAST(:sites AS text[])) AS wanted (tenant, site) JOIN tenant_ids USING (tenant)
    WHERE NOT EXISTS (SELECT FROM site_ids AS known WHERE (known.tenant, known.site) = (wanted.tenant, wanted.site))
    ON CONFLICT DO NOTHING
""")


async def give_ids(connection: AsyncConnection, sites: Collection[tuple[str, str]]) -> None:
    """Have a number for each of *sites*, which are a tenant and a site each."""
    tenants, names = [tenant for tenant, _ in sites], [site for _, site in sites]
    await connection.execute(_ADD_TENANTS, {"tenants": tenants})
    await connection.execute(_ADD_SITES, {"tenants": tenants, "sites": names})
