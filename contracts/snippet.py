"""The line of HTML that a site's owner pastes; both halves show it."""

from html import escape


def snippet(site: str, public_url: str) -> str:
    """Return the tag that counts the page it is in for *site*, at the collector that the world reaches at *public_url*."""
    return f'<script defer data-site="{escape(site)}" src="{escape(public_url.rstrip("/"))}/js/c.js"></script>'
