"""What a user agent says of the device: families and major versions, in the words of public lists and never in its own."""

from typing import Any

from ua_parser.core import Matchers, PartialResult

from contracts.events import Device, DeviceKind

_VERSION_DIGITS = 4
_TELEVISION = ("TV", "BRAVIA", "CrKey", "Web0S", "Roku")
_TABLET = ("iPad", "Tablet;", "Tablet)", "PlayBook", "Kindle", "Silk/")
_POCKET_SYSTEMS = frozenset({"iOS", "Windows Phone", "Windows Mobile", "BlackBerry OS", "Symbian OS", "KaiOS", "Firefox OS"})
_DESK_SYSTEMS = frozenset(
    {"Windows", "Mac OS X", "Mac OS", "Linux", "Chrome OS", "FreeBSD", "OpenBSD", "NetBSD", "Solaris"}
    | {"Ubuntu", "Kubuntu", "Lubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "Arch Linux", "Gentoo", "Linux Mint"}
    | {"openSUSE", "SUSE", "Mageia", "Mandriva", "Slackware", "PCLinuxOS", "SerenityOS"}
)


class Vocabulary:
    r"""Every word of the public rules.

    Some rules take a family out of the user agent itself (``(\w+bot)``, ``([^/]+)/\d``), so a stranger could write anything
    into it. Only a family whose words all occur in the rules is one that they mean.
    """

    def __init__(self, matchers: Matchers) -> None:
        browsers, systems, _ = matchers
        rules: list[Any] = [*browsers, *systems]  # every rule has a family, which their base class leaves out
        words = [f"{rule.regex}\n{rule.family}" for rule in rules]
        self._text = "\n".join((*words, *_DESK_SYSTEMS)).replace("\\", "").lower()

    def admit(self, family: str) -> str:
        """Return *family* when it is a word of the rules, else an empty string."""
        known = bool(family) and all(word in self._text for word in family.lower().split())
        return family if known else ""


def describe(user_agent: str, parsed: PartialResult, vocabulary: Vocabulary) -> Device:
    """Return the device that *parsed*, the rules' reading of *user_agent*, tells of."""
    browser, system = parsed.user_agent, parsed.os
    family = vocabulary.admit(browser.family) if browser else ""
    os = vocabulary.admit(system.family) if system else ""
    return Device(
        kind=_kind(user_agent, os),
        browser=family,
        browser_version=_major(browser.major) if browser and family else "",
        os=os,
        os_version=_major(system.major) if system and os else "",
    )


def _major(version: str | None) -> str:
    """Return *version* where it is a number; its minor parts would tell devices apart, and a word may be a stranger's own."""
    if version is None or not (version.isascii() and version.isdigit()) or len(version) > _VERSION_DIGITS:
        return ""
    return version


def _kind(user_agent: str, os: str) -> DeviceKind:
    """Tell the form of the device; an iPad that asks for desktop pages says that it is a Mac, and is taken for one."""
    if any(mark in user_agent for mark in _TELEVISION):
        return DeviceKind.OTHER
    if any(mark in user_agent for mark in _TABLET):
        return DeviceKind.TABLET
    if "Mobi" in user_agent or os in _POCKET_SYSTEMS:
        return DeviceKind.MOBILE
    if os in {"Android", "HarmonyOS"}:  # without "Mobile" it asks for the large layout
        return DeviceKind.TABLET
    return DeviceKind.DESKTOP if os in _DESK_SYSTEMS else DeviceKind.OTHER
