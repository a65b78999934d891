"""The pages, one file each; PAGES is the only list of their routes."""

from litestar import Router

from projections.dashboard.errors import PAGE_ERRORS
from projections.dashboard.pages.files import send_asset, send_icon, send_robots
from projections.dashboard.pages.signing_in import read_sign_in, sign_in, sign_out
from projections.dashboard.pages.site import show_site
from projections.dashboard.pages.sites import show_sites
from projections.dashboard.pages.values import show_values

PAGES = Router(
    path="/",
    route_handlers=[
        *(show_sites, show_site, show_values),
        *(send_asset, send_icon, send_robots),
        *(read_sign_in, sign_in, sign_out),
    ],
    exception_handlers=PAGE_ERRORS,
)
