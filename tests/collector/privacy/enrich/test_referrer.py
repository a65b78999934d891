"""Where did a visit come from, and what is it called?"""

import pytest

from collector.privacy.campaign import CLICKS, NO_TAGS, Tags, read_tags
from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.referrer import source_of_visit
from collector.privacy.enrich.sources import Known, SourceKind
from contracts.events import Channel, Page, Source

PAGE = Page(hostname="shop.example", path="/")


def source(lists: Lists, referrer: str, tags: Tags = NO_TAGS) -> Source:
    return source_of_visit(referrer, tags, page=PAGE, site="example.org", sources=lists.sources).source


@pytest.mark.parametrize(
    ("referrer", "origin", "name", "channel"),
    [
        ("", "", "Direct", Channel.DIRECT),
        ("https://www.google.com/", "https://www.google.com", "Google", Channel.ORGANIC_SEARCH),
        ("https://www.google.co.uk/search?q=secret", "https://www.google.co.uk", "Google", Channel.ORGANIC_SEARCH),
        ("https://google.no", "https://google.no", "Google", Channel.ORGANIC_SEARCH),
        ("https://images.google.de/x", "https://images.google.de", "Google Images", Channel.ORGANIC_SEARCH),
        ("https://www.google.fr/imgres?x", "https://www.google.fr", "Google Images", Channel.ORGANIC_SEARCH),
        ("https://no.bing.com/search", "https://no.bing.com", "Bing", Channel.ORGANIC_SEARCH),
        ("https://123people.de/s/jane", "https://123people.de", "123people", Channel.ORGANIC_SEARCH),
        ("https://images.uk.ask.com/", "https://images.uk.ask.com", "Ask", Channel.ORGANIC_SEARCH),
        ("https://duckduckgo.com/", "https://duckduckgo.com", "DuckDuckGo", Channel.ORGANIC_SEARCH),
        ("https://mail.google.com/mail/u/0", "https://mail.google.com", "Gmail", Channel.EMAIL),
        ("https://m.facebook.com/story", "https://m.facebook.com", "Facebook", Channel.ORGANIC_SOCIAL),
        ("https://www.facebook.com/", "https://www.facebook.com", "Facebook", Channel.ORGANIC_SOCIAL),
        ("https://t.co/abc", "https://t.co", "Twitter", Channel.ORGANIC_SOCIAL),
        ("https://news.ycombinator.com/item?id=1", "https://news.ycombinator.com", "Hacker News", Channel.ORGANIC_SOCIAL),
        ("https://chatgpt.com/c/1", "https://chatgpt.com", "ChatGPT", Channel.AI_ASSISTANT),
        ("https://gemini.google.com/app", "https://gemini.google.com", "Gemini", Channel.AI_ASSISTANT),
        ("https://x.com/i/grok/share/1", "https://x.com", "Grok", Channel.AI_ASSISTANT),
        ("https://x.com/jane/status/1", "https://x.com", "Twitter", Channel.ORGANIC_SOCIAL),
        (
            "android-app://com.google.android.googlequicksearchbox/",
            "android-app://com.google.android.googlequicksearchbox",
            "Google",
            Channel.ORGANIC_SEARCH,
        ),
        ("android-app://com.linkedin.android/", "android-app://com.linkedin.android", "LinkedIn", Channel.ORGANIC_SOCIAL),
        (
            "android-app://com.google.android.gm/",
            "android-app://com.google.android.gm",
            "Gmail",
            Channel.EMAIL,
        ),
        ("http://jane:secret@Blog.Example:8080/jane?x#y", "http://blog.example", "blog.example", Channel.REFERRAL),
        ("http://www.blog.example/", "http://www.blog.example", "blog.example", Channel.REFERRAL),
        ("blog.example/post", "blog.example", "blog.example", Channel.REFERRAL),
        ("http://203.0.113.9/x", "http://[ip]", "[ip]", Channel.REFERRAL),
        ("javascript:alert(1)", "", "Direct", Channel.DIRECT),
        ("data:text/html,x", "", "Direct", Channel.DIRECT),
        ("a word", "", "Direct", Channel.DIRECT),
        ("android-app://a b/", "", "Direct", Channel.DIRECT),
        ("https://", "", "Direct", Channel.DIRECT),
        ("/path", "", "Direct", Channel.DIRECT),
    ],
)
def test_a_referrer_becomes_an_origin_a_name_and_a_channel(
    lists: Lists, referrer: str, origin: str, name: str, channel: Channel
):
    assert source(lists, referrer) == Source(name=name, channel=channel, referrer=origin)


@pytest.mark.parametrize(
    "referrer",
    [
        "https://shop.example/other",
        "http://www.shop.example/",
        "https://example.org/x",
        "https://www.example.org:8080/",
        "//shop.example",
    ],
)
def test_the_site_itself_is_no_source(lists: Lists, referrer: str):
    assert source(lists, referrer) == Source()


def test_another_subdomain_is_a_source(lists: Lists):
    assert source(lists, "https://blog.example.org/").name == "blog.example.org"


@pytest.mark.parametrize(
    ("referrer", "tags", "name", "channel"),
    [
        ("https://www.google.com/", Tags(utm_source="google", utm_medium="cpc"), "Google", Channel.PAID_SEARCH),
        ("", Tags(utm_source="bing", utm_medium="PPC"), "Bing", Channel.PAID_SEARCH),
        ("", Tags(utm_source="fb", utm_medium="paid_social"), "Facebook", Channel.PAID_SOCIAL),
        ("", Tags(utm_source="some-network", utm_medium="cpm"), "some-network", Channel.DISPLAY),
        ("", Tags(utm_source="some-network", utm_medium="banner"), "some-network", Channel.DISPLAY),
        ("", Tags(utm_source="some-network", utm_medium="cpc"), "some-network", Channel.OTHER),
        ("", Tags(utm_source="instagram"), "Instagram", Channel.ORGANIC_SOCIAL),
        ("", Tags(utm_source="forum", utm_medium="social"), "forum", Channel.ORGANIC_SOCIAL),
        ("", Tags(utm_source="chatgpt.com"), "ChatGPT", Channel.AI_ASSISTANT),
        ("", Tags(utm_source="bot", utm_medium="ai"), "bot", Channel.AI_ASSISTANT),
        ("", Tags(utm_source="google", utm_medium="organic"), "Google", Channel.ORGANIC_SEARCH),
        ("", Tags(utm_source="partner", utm_medium="referral"), "partner", Channel.REFERRAL),
        ("", Tags(utm_source="spring", utm_medium="email"), "spring", Channel.EMAIL),
        ("", Tags(utm_source="newsletter"), "newsletter", Channel.EMAIL),
        ("", Tags(utm_source="partner", utm_medium="affiliate"), "partner", Channel.AFFILIATES),
        ("", Tags(utm_source="poster", utm_medium="print"), "poster", Channel.OTHER),
        ("", Tags(utm_source="producthunt"), "producthunt", Channel.REFERRAL),
        ("", Tags(utm_campaign="spring"), "Direct", Channel.OTHER),
        # The campaign's word names the source, and no channel goes beside it that is another's.
        ("https://www.google.com/", Tags(utm_source="news"), "news", Channel.REFERRAL),
        ("https://www.facebook.com/", Tags(utm_source="spring"), "spring", Channel.REFERRAL),
        ("https://www.google.com/", Tags(utm_campaign="spring"), "Google", Channel.ORGANIC_SEARCH),
        ("", Tags(utm_source="Facebook Ads", utm_medium="paid"), "Facebook", Channel.PAID_SOCIAL),
        ("", Tags(utm_source="google-ads", utm_medium="cpc"), "Google", Channel.PAID_SEARCH),
        ("", Tags(utm_source="gmail"), "Gmail", Channel.EMAIL),
        ("", Tags(utm_source="criteo", utm_medium="cpc"), "Criteo", Channel.DISPLAY),
        ("", Tags(utm_source="awin"), "Awin", Channel.AFFILIATES),
        ("https://www.facebook.com/", Tags(utm_source="partner", utm_medium="affiliate"), "partner", Channel.AFFILIATES),
        ("https://shop.example/", Tags(utm_source="google", utm_medium="cpc"), "Google", Channel.PAID_SEARCH),
    ],
)
def test_a_campaign_names_the_source_and_the_channel(lists: Lists, referrer: str, tags: Tags, name: str, channel: Channel):
    found = source(lists, referrer, tags)
    assert (found.name, found.channel) == (name, channel)
    assert found.utm_source == tags.utm_source


@pytest.mark.parametrize(
    ("referrer", "query", "name", "channel"),
    [
        ("https://www.google.com/", "gclid=abc", "Google", Channel.PAID_SEARCH),
        ("https://www.google.com/", "gclid=abc&gad_source=1", "Google", Channel.PAID_SEARCH),
        ("https://www.google.com/", "gbraid=xyz", "Google", Channel.PAID_SEARCH),
        ("https://www.bing.com/", "msclkid=1", "Bing", Channel.PAID_SEARCH),
        ("", "gclid=abc", "Google", Channel.PAID_SEARCH),
        ("https://news.example/", "gclid=abc", "Google", Channel.PAID_SEARCH),
        ("https://googleads.g.doubleclick.net/", "gclid=abc", "Google", Channel.PAID_SEARCH),
        ("", "dclid=abc", "Google", Channel.DISPLAY),
        ("", "ttclid=abc", "TikTok", Channel.PAID_SOCIAL),
        ("https://t.co/", "twclid=abc", "Twitter", Channel.PAID_SOCIAL),
        ("", "li_fat_id=abc", "LinkedIn", Channel.PAID_SOCIAL),
        ("", "ScCid=abc", "Snapchat", Channel.PAID_SOCIAL),
        ("", "rdt_cid=abc", "reddit", Channel.PAID_SOCIAL),
        ("", "epik=abc", "Pinterest", Channel.PAID_SOCIAL),
        ("", "qclid=abc", "Quora", Channel.PAID_SOCIAL),
        ("", "yclid=abc", "Yandex", Channel.PAID_SEARCH),
        ("", "sznclid=abc", "Seznam", Channel.PAID_SEARCH),
        ("", "tblci=abc", "Taboola", Channel.DISPLAY),
        ("", "gclid=abc&utm_source=spring", "spring", Channel.PAID_SEARCH),
        ("", "gclid=abc&utm_source=google&utm_medium=cpc", "Google", Channel.PAID_SEARCH),
        ("", "gclid=abc&utm_medium=search", "Google", Channel.PAID_SEARCH),
        ("", "ttclid=abc&utm_medium=social", "TikTok", Channel.PAID_SOCIAL),
        ("", "gclid=abc&utm_source=letter&utm_medium=email", "letter", Channel.EMAIL),
        ("", "gclid=abc&utm_medium=display", "Google", Channel.DISPLAY),
        # It is on every link out of Facebook, and says nothing of paying.
        ("https://l.facebook.com/", "fbclid=abc", "Facebook", Channel.ORGANIC_SOCIAL),
        ("", "fbclid=abc", "Direct", Channel.DIRECT),
        ("https://l.facebook.com/", "fbclid=abc&utm_medium=paid", "Facebook", Channel.PAID_SOCIAL),
        ("https://www.google.com/", "srsltid=abc", "Google", Channel.ORGANIC_SEARCH),
    ],
)
def test_a_click_on_an_ad_is_paid_for(lists: Lists, referrer: str, query: str, name: str, channel: Channel):
    found = source(lists, referrer, read_tags(query))
    assert (found.name, found.channel) == (name, channel)
    assert "abc" not in repr(found)


def test_every_network_whose_clicks_are_known_has_a_kind(lists: Lists):
    assert {ad.network for ad in CLICKS.values() if lists.sources.named(ad.network) is None} == set()


@pytest.mark.parametrize(
    ("referrer", "spam"),
    [
        ("http://semalt.com/x", True),
        ("https://www.semalt.com", True),
        ("https://a.b.semalt.com", True),
        ("https://example.net", False),
        ("", False),
    ],
)
def test_a_referrer_that_sends_nobody_is_spam(lists: Lists, referrer: str, *, spam: bool):
    assert source_of_visit(referrer, NO_TAGS, page=PAGE, site="example.org", sources=lists.sources).is_spam is spam


def test_every_host_of_the_lists_is_found(lists: Lists):
    assert lists.sources.find("claude.ai") == Known("Claude", SourceKind.AI)
    assert lists.sources.find("yandex.com.tr") == Known("Yandex", SourceKind.SEARCH)
    assert lists.sources.find("") is None
    assert lists.sources.find("com") is None
