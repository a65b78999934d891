"""Views: templates and what every one of them knows."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct
from msgspec.structs import replace

from contracts.below import seen_below
from contracts.names import readable_site
from contracts.sessions import masked_csrf
from contracts.snippet import snippet
from projections.dashboard.assets import path_of
from projections.dashboard.countries import letters
from projections.dashboard.panels.not_stored import in_words
from projections.dashboard.words import counted, day_in_words, exactly, moment_in_words, noun, short
from projections.query.caller import Caller
from projections.query.definitions import OF_FACTS
from projections.query.powers import NONE, Powers, powers_of

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
    counted=counted,
    noun=noun,
    letters=letters,
    short=short,
    definitions=OF_FACTS,
    readable=readable_site,
    day_in_words=day_in_words,
    moment_in_words=moment_in_words,
    snippet_of=snippet,
)


_END_SIGN_IN = "/logout"
# Ending a session is a decision, which the admin app makes.
_END_SESSION = "/v1/admin/sessions/end"


class Place(Struct, frozen=True, kw_only=True):
    """One line of the menu."""

    title: str
    href: str


class Views(Struct, frozen=True, kw_only=True):
    """What all pages have in common: the collector's public address, who looks, and what they may change.

    ``below`` is the path of that address, where it has one, which no link knows until the page is made. ``sign_out`` is where
    to sign out, "" for who is not signed in; ``csrf`` is what every form of theirs shows. A page that ``is_late`` could not
    wait for what a form has just decided.
    """

    public_url: str
    below: str = ""
    sign_out: str = ""
    csrf: str = ""
    tenant: str = ""
    is_member: bool = False
    is_late: bool = False
    powers: Powers = NONE

    def shown_to(self, caller: Caller, *, session: str, may_sign_out: bool, is_late: bool) -> "Views":
        """Return what is shown to *caller*, whose browser shows the cookie *session*, if any."""
        return replace(
            self,
            sign_out=_sign_out(caller) if may_sign_out else "",
            csrf=masked_csrf(session) if caller.is_member else "",
            tenant=caller.tenant,
            is_member=caller.is_member,
            is_late=is_late,
            powers=powers_of(caller),
        )

    @property
    def places(self) -> list[Place]:
        """Return where the menu leads, for the role of whoever looks."""
        places = [Place(title="Sites", href="/")]
        if self.powers.is_owner:
            places += [Place(title="Keys", href="/keys"), Place(title="Members", href="/members")]
        if self.powers.runs_installation:
            places.append(Place(title="Tenants", href="/tenants"))
        if self.is_member:
            places.append(Place(title="You", href="/you"))
        return places if len(places) > 1 else []

    def render(self, template: str, **shown: Any) -> str:
        """Return the page that *template* makes of what is *shown*."""
        return seen_below(self.below, _TEMPLATES.get_template(template).render(views=self, **shown))


def _sign_out(caller: Caller) -> str:
    if caller.is_guest:
        return ""
    return _END_SESSION if caller.is_member else _END_SIGN_IN
