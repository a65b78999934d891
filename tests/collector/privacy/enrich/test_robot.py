"""Who is a robot, by which rule, and under which name?"""

import pytest

from collector.privacy.enrich.crawlers import entries_in_use, public_name
from collector.privacy.enrich.lists import Lists
from collector.privacy.enrich.robot import HUMAN, Verdict
from contracts.events import BotRule

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) {}Chrome/126.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", "GPTBot"),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
            "ClaudeBot",
        ),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        ("Wget/1.21.4", "Wget"),
        ("Mozilla/5.0 (compatible; EasouSpider; +http://www.easou.com/search/spider.html)", ""),  # by ua-parser alone
    ],
)
def test_a_crawler_is_named_by_the_public_list(lists: Lists, user_agent: str, name: str):
    assert lists.agents.read(user_agent).verdict == Verdict(BotRule.CRAWLER, name)


@pytest.mark.parametrize(
    "word", ["Headless", "Playwright/1.4 ", "puppeteer ", "Selenium/4 ", "PhantomJS/2.1 ", "webdriver ", "Cypress/13.0 "]
)
def test_a_driven_browser_is_automation(lists: Lists, word: str):
    assert lists.agents.read(BROWSER.format(word)).verdict.rule is BotRule.AUTOMATION


@pytest.mark.parametrize("user_agent", ["", " ", "\t\n"])
def test_no_user_agent_is_its_own_rule(lists: Lists, user_agent: str):
    assert lists.agents.read(user_agent).verdict == Verdict(BotRule.NO_USER_AGENT)


@pytest.mark.parametrize(
    "user_agent",
    [
        BROWSER.format(""),
        "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 Silk/126.2 like Chrome/126.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:127.0) Gecko/20100101 Firefox/127.0",
        "\ud800\0",
    ],
)
def test_a_human_is_not_a_robot(lists: Lists, user_agent: str):
    assert lists.agents.read(user_agent).verdict == HUMAN


def test_every_robot_that_the_list_shows_is_known(lists: Lists):
    shown = [instance for entry in entries_in_use() for instance in entry["instances"] if len(instance) <= 512]
    assert len(shown) > 2_000
    assert [instance for instance in shown if lists.agents.read(instance).verdict.rule is None] == []


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r"Googlebot\/", "Googlebot"),
        ("[wW]get", "Wget"),
        ("[cC]laude[bB]ot", "ClaudeBot"),
        ("^Apache-HttpClient", "Apache-HttpClient"),
        (r"(^| )sentry\/", "sentry"),
        (r"yandex\.com\/bots", "yandex.com"),
        ("(sistrix|SISTRIX) [cC]rawler", "sistrix"),
        (r"https:\/\/developers\.cloudflare\.com\/", "developers.cloudflare.com"),
    ],
)
def test_a_name_is_the_readable_part_of_a_pattern(pattern: str, name: str):
    assert public_name(pattern) == name
