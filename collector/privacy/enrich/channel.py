"""Which channel brought a visit: the rules of Google Analytics' default groups, in their order, AI assistants and ad clicks."""

from collector.privacy.campaign import Tags
from collector.privacy.enrich.sources import SourceKind
from contracts.events import Channel

_PAID_WORDS = frozenset({"ppc", "retargeting"})
_PAID = {
    SourceKind.SEARCH: Channel.PAID_SEARCH,
    SourceKind.SOCIAL: Channel.PAID_SOCIAL,
    SourceKind.ADS: Channel.DISPLAY,
}
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail", "newsletter"})
_AFFILIATES = frozenset({"affiliate", "affiliates"})
# Whoever says so has sent the link on; the id of a click was in what they copied.
_SENT_ON = _EMAIL | _AFFILIATES
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
    (SourceKind.EMAIL, _EMAIL, Channel.EMAIL),
    (SourceKind.AFFILIATES, _AFFILIATES, Channel.AFFILIATES),
    (SourceKind.ADS, frozenset(), Channel.DISPLAY),
)


def is_ad_clicked(tags: Tags) -> bool:
    """Say whether an ad brought the visit: one was clicked, and no medium tells of another way since."""
    return tags.ad is not None and tags.utm_medium.lower() not in _SENT_ON


def channel_of(tags: Tags, kind: SourceKind | None, *, referred: bool) -> Channel:
    """Return the channel of a visit with these *tags* from a place of this *kind*; *referred* if it had any referrer."""
    medium = tags.utm_medium.lower()
    paid = "cp" in medium or medium in _PAID_WORDS or medium.startswith("paid")
    if tags.ad is not None and not paid and medium not in _DISPLAY and is_ad_clicked(tags):
        paid, kind = True, SourceKind.ADS if tags.ad.is_display else kind
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
