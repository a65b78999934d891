"""Days without a site: the addresses and the controls of a page that is about a tenant, in UTC."""

from collections.abc import Iterable
from datetime import date
from urllib.parse import urlencode

from projections.dashboard.controls import PERIODS, Choice, Controls
from projections.dashboard.mended import Wrong
from projections.dashboard.words import days_in_words
from projections.query.asked import EARLIEST
from projections.query.parameters import QUESTION_PARAMETERS
from projections.query.periods import Days, Period, named_days, stepped
from projections.query.question import WebQuestion

_USUAL = next(parameter.default for parameter in QUESTION_PARAMETERS if parameter.name == "period")


def address_of_days(path: str, period: Period, days: Days) -> str:
    """Return the address of *path* about a named *period*, or about *days* of one's own choice."""
    fields = {"period": period.value}
    if period is Period.CUSTOM:
        fields |= {"from": days.first.isoformat(), "to": days.last.isoformat()}
    return path if fields == {"period": _USUAL} else f"{path}?{urlencode(fields)}"


def controls_of_days(path: str, question: WebQuestion, *, most: int, wrong: Wrong | None) -> Controls:
    """Return the controls of the page at *path*, which is about at *most* so many days."""
    today, days = question.today, question.days
    return Controls(
        periods=list(_choices(path, question, most)),
        earlier=_step(path, days, today, back=True),
        later=_step(path, days, today, back=False),
        intervals=[],
        compared=None,
        editor=None,
        who=[],
        chips=[],
        unfiltered=path,
        custom=question.period is Period.CUSTOM,
        first=days.first.isoformat(),
        last=days.last.isoformat(),
        in_words=days_in_words(days),
        timezone=question.timezone,
        wrong=wrong,
        path=path,
        fields_but_period=[],
        fields_but_timezone=None,
    )


def _choices(path: str, question: WebQuestion, most: int) -> Iterable[Choice]:
    for period, title, explained in PERIODS:
        days = named_days(period, question.today)
        if period is not Period.ALL and len(days) <= most:
            href = address_of_days(path, period, days)
            yield Choice(title=title, explained=explained, href=href, is_on=period is question.period)


def _step(path: str, days: Days, today: date, *, back: bool) -> Choice | None:
    there = stepped(days, back=back)
    if not EARLIEST <= there.first <= today:
        return None
    href = address_of_days(path, Period.CUSTOM, there)
    return Choice(title="Earlier" if back else "Later", explained=days_in_words(there), href=href, is_on=False)
