"""Of public lists that our rules were not made from: is any person thrown away, and how many robots are known?"""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from collector.privacy.enrich.agent import Agents
from collector.privacy.enrich.crawlers import LEFT_OUT
from collector.privacy.enrich.lists import Lists
from contracts.events import BotRule, DeviceKind

LISTS = Path(__file__).parents[3] / "data"
LEAST_KNOWN = 0.9

PHONE = "Mozilla/5.0 (Linux; Android 15; PHONE-1 Build/AP3A.240617.008; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
MOBILE_CHROME = "Chrome/142.0.7444.100 Mobile Safari/537.36"

PEOPLE = {
    "an app's browser on Android": PHONE + MOBILE_CHROME,
    "Viber's": f"{PHONE}{MOBILE_CHROME} Viber/23.8.0.4",
    "Facebook's": f"{PHONE}{MOBILE_CHROME} MetaIAB Facebook",
    "Instagram's": f"{PHONE}{MOBILE_CHROME} Instagram 406.0.0.58 Android (35/15; 480dpi; 1080x2400; CUBOT; X50; en_MY)",
    "LINE's": f"{IPHONE}Safari Line/14.8.0",
    "WeChat's": f"{IPHONE}MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN",
    "a scanner's": f"{PHONE}{MOBILE_CHROME} CamScanner/6.27",
    "a reader's": f"{IPHONE}Mastodon/2024.5 Instapaper/8.0 Overcast/3.0",
    "a window of Slack": f"{DESK}Slack/4.40 Chrome/128.0 Electron/32.1 Safari/537.36 Sonic Slack_SSB/4.40",
    "an editor's web view": f"{DESK}Code/1.115.0 Chrome/142.0 Electron/39.8 Safari/537.36",
    "a window of Notion": f"{DESK}Notion/3.1.0 Chrome/128.0 Electron/32.1 Safari/537.36",
    "a phone called Spider": "Mozilla/5.0 (Linux; Android 13; Spider 8) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36",
    "a phone called Expanse": "Mozilla/5.0 (Linux; Android 8.0.0; Expanse) AppleWebKit/537.36 Chrome/86.0 Mobile Safari/537.36",
    "a maker of screens": "Mozilla/5.0 (Linux; Android 4.4.2; ViewSonic V500) AppleWebKit/535.19 Chrome/18.0 Safari/535.19",
    "KaiOS": "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
    "Opera Mini": "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/191.282; U; en) Presto/2.12.423 Version/12.16",
    "a feature phone": "SAMSUNG-SGH-E250/1.0 Profile/MIDP-2.0 Configuration/CLDC-1.1 UP.Browser/6.2.3.3.c.1.101 (GUI) MMP/2.0",
    "a console": "Mozilla/5.0 (Nintendo Switch; WebApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.2.21.3",
    "a television": "Roku/DVP-12.0 (12.0.0.4182-88)",
    "a car": "Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0 Safari/537.36 Tesla/2020.16.2.1",
    "a text browser": "Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.1",
    "another": "w3m/0.5.3+git20210102",
    "an app on an iPhone": "MyApp/1.0 (iPhone; iOS 17.5; Scale/3.00)",
    "an app of Apple's network": "MyApp/1 CFNetwork/1410.0.3 Darwin/22.6.0",
    "an app on Android": "MyApp/2.0 Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240105.004)",
    "a mail program": "Mozilla/5.0",
    "Outlook": "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)",
    "Gmail's images": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Yahoo's images": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
}

# Health checks, monitors, libraries of ten languages, previews, assistants: a few of each trade, in the words of each.
ROBOTS = (
    *("ELB-HealthChecker/2.0", "GoogleHC/1.0", "kube-probe/1.31", "Varnish Healthprobe", "HAProxy", "Consul Health Check"),
    "Amazon-Route53-Health-Check-Service (ref b0eb04d5; report http://amzn.to/1vsZADi)",
    *("node", "undici", "axios/1.6.8", "Deno/1.40", "Bun/1.1.0", "GuzzleHttp/7", "PHP", "Symfony HttpClient (Curl)", "Ruby"),
    *("reqwest/0.11", "Dart/3.3 (dart:io)", "okhttp/4.12.0", "Java/17.0.10", "Apache-HttpClient/4.5.14 (Java/17.0.10)"),
    *("Go-http-client/1.1", "python-requests/2.32.3", "python-httpx/0.27.0", "Python/3.11 aiohttp/3.9.3", "libwww-perl/6.72"),
    *("curl/8.5.0", "libcurl/8.5", "Wget/1.21.4", "aria2/1.37.0", "ApacheBench/2.3", "k6/0.49.0 (https://k6.io/)", "hey/0.0.1"),
    *("PostmanRuntime/7.37.3", "insomnia/9.2.0", "git/2.43.0.windows.1", "aws-cli/2.15.30 Python/3.11.8 Windows/10 exe/AMD64"),
    "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4291",
    'pip/23.3.1 {"cpu":"arm64","distro":{"name":"macOS"},"implementation":{"name":"CPython"}}',
    *("WhatsApp/2.23.20.0", "Viber", "facebookexternalhit/1.1", "TelegramBot (like TwitterBot)", "Prometheus/2.51.0"),
    "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98 Safari/537.4 (StatusCake)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
    "Mozilla/5.0 (compatible; Someone/1.0)",
    "Mozilla/5.0 zgrab/0.x",
)


@pytest.fixture(scope="module")
def agents(lists: Lists) -> Agents:
    return lists.agents


def user_agents(name: str) -> list[str]:
    kinds: Mapping[str, list[str]] = yaml.load((LISTS / name).read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return list(dict.fromkeys(user_agent for texts in kinds.values() for user_agent in texts))


def taken_for_robots(agents: Agents, texts: list[str]) -> list[str]:
    return [text for text in texts if agents.read(text).verdict.rule is not None]


def test_of_known_browsers_none_is_taken_for_a_robot(agents: Agents):
    known = user_agents("isbot-browsers.yml")
    assert len(known) == 555
    assert taken_for_robots(agents, known) == []


def test_of_known_robots_nine_of_ten_are_known(agents: Agents):
    known = user_agents("isbot-crawlers.yml")
    assert len(known) == 623
    assert len(taken_for_robots(agents, known)) >= LEAST_KNOWN * len(known)


def test_the_two_measures_can_tell_rules_apart(agents: Agents):
    # Rules that take everybody for a robot, or nobody, fail one of them: the lists hold both kinds, and no text is in both.
    browsers, robots = set(user_agents("isbot-browsers.yml")), set(user_agents("isbot-crawlers.yml"))
    assert browsers.isdisjoint(robots)
    assert taken_for_robots(agents, [f"{text} examplebot/1.0" for text in sorted(browsers) if len(text) < 300]) != []
    assert not LEAST_KNOWN * len(robots) <= sum("bot" in text.lower() for text in robots)


@pytest.mark.parametrize("user_agent", PEOPLE.values(), ids=PEOPLE)
def test_a_person_is_none_whatever_they_read_pages_with(agents: Agents, user_agent: str):
    assert agents.read(user_agent).verdict.rule is None


@pytest.mark.parametrize("user_agent", ROBOTS)
def test_what_nobody_reads_pages_with_is_a_robot(agents: Agents, user_agent: str):
    assert agents.read(user_agent).verdict.rule in {BotRule.CRAWLER, BotRule.NO_BROWSER}


def test_a_phone_of_a_build_that_the_list_names_is_mobile(agents: Agents):
    assert agents.read(PHONE + MOBILE_CHROME).device.kind is DeviceKind.MOBILE


@pytest.mark.parametrize(
    "sign",
    [
        "(compatible; Examplebot/1.0; +https://robots.example/)",
        "Example-Crawler/2.0",
        "examplespider",
        "Uptime/1.0 (https://robots.example)",
        "HeadlessChrome/124.0",
    ],
)
@pytest.mark.parametrize("browser", [PHONE + MOBILE_CHROME, f"{DESK}Chrome/131.0.0.0 Safari/537.36"], ids=["phone", "desk"])
def test_a_robot_that_says_so_is_one_in_any_browser(agents: Agents, browser: str, sign: str):
    assert agents.read(f"{browser} {sign}").verdict.rule is not None


@pytest.mark.parametrize("text", ["pinterest/0.", 'Acme"<?=print(1);?>"', "it's"])
def test_what_is_no_user_agent_at_all_is_not_judged(agents: Agents, text: str):
    assert agents.read(text).verdict.rule is None


def test_a_server_that_states_no_agent_is_not_judged(agents: Agents):
    assert agents.read("(not logged)").verdict.rule is None


def test_what_is_left_out_of_the_list_is_still_in_it_and_has_a_reason():
    assert LEFT_OUT.keys() <= {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA}
    assert all(LEFT_OUT.values())
