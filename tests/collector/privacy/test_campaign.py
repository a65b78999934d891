"""What a campaign says of itself in an address, however it was written there, and that an ad was clicked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.privacy.campaign import CLICKS, NO_TAGS, Ad, Tags
from collector.privacy.url import Reduced, reduce_url

ANY_TEXT = st.text(st.characters(exclude_categories=()))


def test_only_a_campaigns_words_survive_of_the_query():
    query = (
        "utm_source=news&UTM_Medium=email&utm_campaign=spring+sale&utm_term=a%20b&utm_content=top&email=jane@example.org&id=7"
    )
    tags = Tags(utm_source="news", utm_medium="email", utm_campaign="spring sale", utm_term="a b", utm_content="top")
    assert reduce_url(f"/join?{query}") == Reduced(path="/join", tags=tags)


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("ref=hn", "hn"),
        ("source=hn", "hn"),
        ("source=second&ref=first", "first"),
        ("ref=hn&utm_source=news", "news"),
        ("utm_source=&ref=hn", "hn"),
        ("utm_source=a&utm_source=b", "a"),
        ("utm_source=jane%40example.org", "[email]"),
    ],
)
def test_ref_and_source_count_where_utm_source_is_missing(query: str, source: str):
    assert reduce_url(f"/?{query}").tags == Tags(utm_source=source)


@pytest.mark.parametrize(
    ("query", "source", "medium"),
    [
        ("UTM_SOURCE=News&Utm_Medium=Email", "News", "Email"),
        ("utm_source=+news%20&utm_medium=%20", "news", ""),
        ("utm_source=%20&ref=hn", "hn", ""),
        ("utm_source=&utm_source=news&utm_medium=email&utm_medium=sms", "news", "email"),
        ("utm_source=news&amp;utm_medium=email", "news", "email"),
        ("page=2?utm_source=news&utm_medium=email", "news", "email"),
        ("utm%5Fsource=news", "news", ""),
        ("utm_source", "", ""),
        ("xutm_source=news&utm_sources=x", "", ""),
    ],
)
def test_a_campaign_is_read_however_it_was_written(query: str, source: str, medium: str):
    assert reduce_url(f"/?{query}").tags == Tags(utm_source=source, utm_medium=medium)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["f%FCr", "f%fcr"], "f%FCr"),
        (["f%C3%BCr", "f\u00fcr"], "f\u00fcr"),
        (["%FF%FE"], "%FF%FE"),
        (["%FE%FF"], "%FE%FF"),
        (["sale%C3"], "sale%C3"),
        (["sale%"], "sale%"),
        (["sale%zz"], "sale%zz"),
        (["%80"], "%80"),
        (["%81"], "%81"),
        (["50%25+off"], "50% off"),
        (["%u00fc"], "%u00fc"),
        (["%E4%F6%FC"], "%E4%F6%FC"),
    ],
)
def test_campaigns_that_nobody_can_decode_stay_apart(values: list[str], told: str):
    assert {reduce_url(f"/?utm_campaign={value}").tags.utm_campaign for value in values} == {told}


@pytest.mark.parametrize(
    ("url", "path", "tags"),
    [
        ("/#/pricing?utm_source=news&utm_medium=email", "/#/pricing", Tags(utm_source="news", utm_medium="email")),
        ("https://shop.example/app#!/a?id=7&utm_source=news", "/app#!/a", Tags(utm_source="news")),
        ("/?utm_source=news#/pricing", "/#/pricing", Tags(utm_source="news")),
        ("/?utm_source=outer#/a?utm_source=inner&utm_medium=email", "/#/a", Tags(utm_source="outer", utm_medium="email")),
        ("/#/a?utm_source=news#part", "/#/a", Tags(utm_source="news")),
        ("/#/a#part", "/#/a", NO_TAGS),
        ("/#utm_source=news&utm_medium=email", "/", Tags(utm_source="news", utm_medium="email")),
        ("/#part?utm_source=news", "/", Tags(utm_source="news")),
        ("/#access_token=secret&utm_source=news", "/", Tags(utm_source="news")),
        ("/#/callback?access_token=secret", "/#/callback", NO_TAGS),
        ("/#/a?gclid=x", "/#/a", Tags(ad=Ad("Google"))),
    ],
)
def test_a_campaign_counts_behind_a_hash_and_a_secret_there_does_not(url: str, path: str, tags: Tags):
    reduced = reduce_url(url)
    assert (reduced.path, reduced.tags) == (path, tags)
    assert reduce_url(url) == reduced


@pytest.mark.parametrize(
    ("query", "ad"),
    [(f"{key}=abc", ad) for key, ad in CLICKS.items()]
    + [
        ("GCLID=abc", Ad("Google")),
        ("ScCid=abc", Ad("Snapchat")),
        ("a=1&amp;gclid=abc", Ad("Google")),
        ("dclid=1&gclid=2", Ad("Google")),
        ("gclid=", None),
        ("gclid", None),
        ("fbclid=abc", None),
        ("srsltid=abc&igsh=abc&ysclid=abc&mc_eid=abc", None),
    ],
)
def test_of_a_click_on_an_ad_only_that_there_was_one_is_kept(query: str, ad: Ad | None):
    tags = reduce_url(f"/?{query}").tags
    assert tags == Tags(ad=ad)
    assert "abc" not in repr(tags)


def test_a_query_without_a_campaign_leaves_nothing():
    assert reduce_url("/?q=secret&page=2").tags is NO_TAGS


def test_a_campaigns_word_is_cut():
    assert reduce_url("/?utm_source=" + "x" * 5_000).tags.utm_source == "x" * 200


@given(ANY_TEXT)
def test_any_query_becomes_clean_words(text: str):
    tags = reduce_url(f"/?utm_source={text}&{text}").tags
    assert len(tags.utm_source.encode()) <= 200
