"""Goals and funnels are defined, defined otherwise and withdrawn, each time with a version more, and for one site alone."""

from typing import Any

import pytest

from collector.control.decided import Reason
from collector.control.goals import MOST_FUNNELS, Targets
from collector.control.plane import ControlPlane
from collector.control.wanted import MOST_PROPS, MOST_STEPS, FunnelWanted, GoalWanted, StepSaid, money, properties, steps
from contracts.control.goals import PropertyCondition, PropertyTest
from tests.collector.control.worlds import refused

WHERE = ("acme", "shop.example")


def goal(**said: Any) -> GoalWanted:
    return GoalWanted(**({"name": "Paid plan", "event": "Signup"} | said))


def funnel(*said: Any, **more: Any) -> FunnelWanted:
    return FunnelWanted(**({"name": "Checkout", "steps": steps(said or ("/pricing*", "Purchase"))} | more))


def test_a_goal_and_a_funnel_are_defined_changed_withdrawn_and_defined_again(acme: ControlPlane):
    for targets, first, other in (
        (acme.goals, goal(), goal(page="/thanks", event="")),
        (acme.funnels, funnel(), funnel("/cart", "/paid", "Purchase", window_seconds=60)),
    ):
        short = "paid-plan" if isinstance(first, GoalWanted) else "checkout"
        added = targets.add(*WHERE, first, by="here")
        assert (added.thing.version, added.thing.is_withdrawn) == (1, False)
        assert targets.add(*WHERE, first, by="token") == added
        with refused(Reason.CONFLICT):
            targets.add(*WHERE, other, by="here")
        assert targets.change(*WHERE, short, other, by="here").thing.version == 2
        with refused(Reason.CONFLICT):
            targets.change(*WHERE, short, first, by="here", expected_version=1)
        gone = targets.withdraw(*WHERE, short, by="here")
        assert (gone.thing.version, gone.thing.is_withdrawn) == (3, True)
        assert targets.withdraw(*WHERE, short, by="here") == gone
        again = targets.add(*WHERE, other, by="here").thing
        assert (again.version, again.is_withdrawn) == (4, False)
        assert targets.find(*WHERE, short) == again


def test_one_is_called_by_a_short_name_that_is_its_sites_alone(acme: ControlPlane):
    acme.sites.add("acme", "shop.example.other", by="here")
    assert acme.goals.add(*WHERE, goal(name="  Größe XL — gekauft! "), by="here").thing.goal == "groe-xl-gekauft"
    assert acme.goals.add("acme", "shop.example.other", goal(), by="here").thing.version == 1
    with refused(Reason.NOT_FOUND):
        acme.goals.find(*WHERE, "paid-plan")
    for short in ("", "Paid", "-x", "a..b", "x" * 41, "é", "x y"):
        with refused(Reason.NOT_FOUND):
            acme.goals.withdraw(*WHERE, short, by="here")


def test_a_name_that_makes_no_short_one_has_to_be_sent_with_one(acme: ControlPlane):
    with refused(Reason.INVALID, "goal"):
        acme.goals.add(*WHERE, goal(name="購入"), by="here")
    assert acme.goals.add(*WHERE, goal(name="購入"), short="bought", by="here").thing.name == "購入"


def test_a_foreign_site_has_none_and_is_told_apart_from_none_by_nobody(acme: ControlPlane):
    acme.tenants.add("rival", by="here")
    acme.goals.add(*WHERE, goal(), by="here")
    for tenant, site in (("rival", "shop.example"), ("acme", "none.example")):
        with refused(Reason.NOT_FOUND):
            acme.goals.add(tenant, site, goal(), by="here")
        with refused(Reason.NOT_FOUND):
            acme.goals.withdraw(tenant, site, "paid-plan", by="here")


def test_with_its_site_all_that_is_to_be_reached_there_goes(acme: ControlPlane):
    acme.goals.add(*WHERE, goal(), by="here")
    acme.funnels.add(*WHERE, funnel(), by="here")
    acme.sites.begin_erasure(*WHERE, by="here")
    with refused(Reason.CONFLICT):
        acme.goals.add(*WHERE, goal(name="Late"), by="here")
    acme.sites.say_erased(*WHERE, stream="EVENTS_WEB_0", erased=(), is_last=True, by="here")
    acme.sites.add(*WHERE, by="here")
    assert acme.goals.find(*WHERE, "paid-plan").is_withdrawn
    assert acme.funnels.find(*WHERE, "checkout").is_withdrawn


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 101}),
        ("page", {"event": ""}),
        ("page", {"page": "/a"}),
        ("page", {"page": "a", "event": ""}),
        ("page", {"page": "/" + "*" * 11, "event": ""}),
        ("page", {"page": "/" + "a" * 501, "event": ""}),
        ("page", {"page": "/\x00", "event": ""}),
        ("event", {"event": "x" * 501}),
        ("props", {"page": "/a", "event": "", "props": properties(["plan=pro"])}),
        ("props", {"props": properties([f"p{number}=x" for number in range(MOST_PROPS + 1)])}),
        ("props", {"props": properties(["seats>=many"])}),
        ("props", {"props": properties([f"plan={'x' * 501}"])}),
        ("props", {"props": (PropertyCondition(name="plan", value="pro", test=PropertyTest("like")),)}),
        ("value", {"counts_revenue": True, "page": "/a", "event": ""}),
        ("value", {"counts_revenue": True, "amount": money("1", "EUR")}),
    ],
)
def test_a_goal_that_cannot_be_is_refused_by_its_field(acme: ControlPlane, field: str, said: dict[str, Any]):
    with refused(Reason.INVALID, field):
        acme.goals.add(*WHERE, goal(**said), short="x", by="here")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("steps", lambda: funnel("/one")),
        ("steps", lambda: funnel(*["/a"] * (MOST_STEPS + 1))),
        ("steps", lambda: funnel("/a", "x" * 501)),
        ("steps", lambda: funnel("/a", "")),
        ("steps", lambda: funnel("/a", StepSaid(page="/b", event="c"))),
        ("steps", lambda: funnel("/a", StepSaid(event="c", props=("nothing",)))),
        ("window_seconds", lambda: funnel(window_seconds=59)),
        ("window_seconds", lambda: funnel(window_seconds=86_401)),
        ("amount", lambda: money("", "EUR")),
        ("amount", lambda: money("1e9", "EUR")),
        ("amount", lambda: money("-1", "EUR")),
        ("currency", lambda: money("1", "euro")),
        ("props", lambda: properties(["plan"])),
    ],
)
def test_a_funnel_or_an_amount_that_cannot_be_is_refused_by_its_field(acme: ControlPlane, field: str, said: Any):
    with refused(Reason.INVALID, field):
        acme.funnels.add(*WHERE, said(), by="here")


def test_properties_are_written_as_they_are_read():
    found = properties(["plan=pro", "a b != free", "note~x=y", "seats>=10", "seats<=2.5", "empty="])
    assert [(each.name, each.test.value, each.value) for each in found] == [
        ("plan", "is", "pro"),
        ("a b", "is_not", "free"),
        ("note", "contains", "x=y"),
        ("seats", "at_least", "10"),
        ("seats", "at_most", "2.5"),
        ("empty", "is", ""),
    ]


def test_a_site_has_so_many_and_no_more(acme: ControlPlane):
    targets: Targets[Any, Any] = acme.funnels
    for number in range(MOST_FUNNELS):
        targets.add(*WHERE, funnel(), short=f"f{number}", by="here")
    with refused(Reason.INVALID, "name"):
        targets.add(*WHERE, funnel(), short="more", by="here")
    targets.withdraw(*WHERE, "f0", by="here")
    assert targets.add(*WHERE, funnel(), short="more", by="here").thing.version == 1
