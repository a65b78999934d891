"""Views: templates and what every one of them knows."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from contracts.names import readable_site
from contracts.snippet import snippet
from projections.dashboard.assets import path_of
from projections.dashboard.panels.not_stored import in_words
from projections.dashboard.words import exactly, short
from projections.query.definitions import DEFINITIONS

_TEMPLATES = Environment(
    loader=PackageLoader("projections.dashboard"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(
    not_stored_in_words=in_words,
    asset=path_of,
    exactly=exactly,
    short=short,
    definitions=DEFINITIONS,
    readable=readable_site,
    snippet_of=snippet,
)


class Views(Struct, frozen=True, kw_only=True):
    """What all pages of one application have in common: the collector's public address, and whether one signs in."""

    public_url: str
    signed_in: bool

    def render(self, template: str, **shown: Any) -> str:
        """Return the page that *template* makes of what is *shown*."""
        return _TEMPLATES.get_template(template).render(views=self, **shown)
