"""Which channel brought a visit: the rules of Google Analytics' default groups, in their order, and AI assistants."""

from collector.privacy.enrich.sources import SourceKind
from collector.privacy.url import Tags
from contracts.events import Channel

_PAID_WORDS = frozenset({"ppc", "retargeting"})
_PAID = {SourceKind.SEARCH: Channel.PAID_SEARCH, SourceKind.SOCIAL: Channel.PAID_SOCIAL}
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail", "newsletter"})
# In order: the first line whose kind or medium fits decides.
_UNPAID: tuple[tuple[SourceKind | None, frozenset[str], Channel], ...] = (
    (
        SourceKind.SOCIAL,
        frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"}),
        Channel.ORGANIC_SOCIAL,
    ),
    (SourceKind.AI, frozenset({"ai", "ai-assistant", "llm"}), Channel.AI_ASSISTANT),
    (SourceKind.SEARCH, frozenset({"organic"}), Channel.ORGANIC_SEARCH),
    (None, frozenset({"referral", "app", "link"}), Channel.REFERRAL),
    (None, _EMAIL, Channel.EMAIL),
    (None, frozenset({"affiliate", "affiliates"}), Channel.AFFILIATES),
)


def channel_of(tags: Tags, kind: SourceKind | None, *, referred: bool) -> Channel:
    """Return the channel of a visit with these *tags* from a place of this *kind*; *referred* if it had any referrer."""
    medium = tags.utm_medium.lower()
    paid = "cp" in medium or medium in _PAID_WORDS or medium.startswith("paid")
    if paid and kind in _PAID:
        return _PAID[kind]
    if medium in _DISPLAY:
        return Channel.DISPLAY
    if paid:  # Google Analytics calls it "Paid Other"
        return Channel.OTHER
    for fitting, mediums, channel in _UNPAID:
        if medium in mediums or (kind is not None and kind is fitting):
            return channel
    return _by_presence(tags, medium, referred=referred)


def _by_presence(tags: Tags, medium: str, *, referred: bool) -> Channel:
    """Decide for what no rule knows: a word that nobody defined, a link from elsewhere, or nothing at all."""
    if tags.utm_source.lower() in _EMAIL:
        return Channel.EMAIL
    if medium:
        return Channel.OTHER
    if referred or tags.utm_source:
        return Channel.REFERRAL
    return Channel.OTHER if tags.utm_campaign else Channel.DIRECT
