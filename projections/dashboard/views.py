"""Views: templates and what every one of them knows."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct
from msgspec.structs import replace

from contracts.names import readable_site
from contracts.sessions import csrf_token
from contracts.snippet import snippet
from projections.dashboard.assets import path_of
from projections.dashboard.panels.not_stored import in_words
from projections.dashboard.words import exactly, short
from projections.query.caller import Caller
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


_END_SIGN_IN = "/logout"
# Ending a session is a decision, which the admin app makes.
_END_SESSION = "/v1/admin/sessions/end"


class Views(Struct, frozen=True, kw_only=True):
    """What all pages have in common: the collector's public address, and where to sign out, "" for who is not signed in."""

    public_url: str
    sign_out: str = ""
    csrf: str = ""

    def shown_to(self, caller: Caller | None, session: str) -> "Views":
        """Return what is shown to *caller*, who has signed in, with the cookie *session* if as a member; None: nobody has."""
        if caller is None:
            return self
        if not caller.is_member:
            return replace(self, sign_out=_END_SIGN_IN)
        return replace(self, sign_out=_END_SESSION, csrf=csrf_token(session))

    def render(self, template: str, **shown: Any) -> str:
        """Return the page that *template* makes of what is *shown*."""
        return _TEMPLATES.get_template(template).render(views=self, **shown)
