"""The pages, one file each; PAGES is the only list of their routes."""

from litestar import Router

from projections.dashboard.errors import PAGE_ERRORS
from projections.dashboard.pages.about import show_about
from projections.dashboard.pages.added import show_added
from projections.dashboard.pages.engagement import show_engagement
from projections.dashboard.pages.files import lead_to_description, send_asset, send_icon, send_robots
from projections.dashboard.pages.funnels import show_funnel, show_funnels
from projections.dashboard.pages.goals import show_goal, show_goals
from projections.dashboard.pages.join import show_join
from projections.dashboard.pages.keys import show_keys
from projections.dashboard.pages.ledger import show_ledger
from projections.dashboard.pages.ledgers import show_ledgers
from projections.dashboard.pages.logs import show_logs
from projections.dashboard.pages.members import show_members
from projections.dashboard.pages.product import show_actions
from projections.dashboard.pages.properties import show_properties
from projections.dashboard.pages.revenue import show_revenue
from projections.dashboard.pages.settings import show_settings
from projections.dashboard.pages.signing_in import read_sign_in, sign_in, sign_out
from projections.dashboard.pages.site import show_site
from projections.dashboard.pages.sites import show_sites
from projections.dashboard.pages.telemetry import show_telemetry
from projections.dashboard.pages.tenants import look_at_tenant, show_tenants
from projections.dashboard.pages.turns import show_turns
from projections.dashboard.pages.values import show_values
from projections.dashboard.pages.you import show_you
from projections.dashboard.parts import sending_parts
from projections.query.access import WAITS

PAGES = Router(
    path="/",
    route_handlers=[
        *(show_sites, show_site, show_settings, show_values, show_added),
        *(show_engagement, show_properties, show_revenue),
        *(show_goals, show_goal, show_funnels, show_funnel),
        *(show_ledger, show_ledgers, show_about),
        *(show_turns, show_actions, show_telemetry),
        *(show_keys, show_members, show_tenants, look_at_tenant, show_you, show_join),
        show_logs,
        *(send_asset, send_icon, send_robots, lead_to_description),
        *(read_sign_in, sign_in, sign_out),
    ],
    exception_handlers=PAGE_ERRORS,
    middleware=[sending_parts],
    opt={WAITS: True},
)
