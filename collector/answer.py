"""Answer: what goes back over HTTP, and the words of the endings that a dialect does not word itself."""

from typing import Final

from msgspec import Struct, structs

from collector.outcomes import Failure, Quota, Refused, RefuseReason, Rejected, UnavailableReason
from contracts.problem import MEDIA_TYPE, Problem

TOO_MANY: Final = 429
EXPOSED_QUOTA: Final = (b"access-control-expose-headers", b"x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset")
EXPOSED_CHANGES: Final = (b"access-control-expose-headers", b"x-collector-changed")
CONTENT_PROBLEM: Final = (b"content-type", MEDIA_TYPE.encode())

Headers = tuple[tuple[bytes, bytes], ...]


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer, but for the headers that all of them share."""

    status: int
    headers: Headers = ()
    body: bytes = b""


def problem_of(failure: Failure) -> Answer:
    """Return *failure* as a problem document: what, which, what to do, and nothing of what was sent."""
    if isinstance(failure, Rejected):
        return _rejected(failure)
    if isinstance(failure, Refused):
        return _refused(failure)
    if failure.reason is UnavailableReason.DEFECT:
        return DEFECT
    title, detail = _OUTAGES.get(failure.reason, _NOT_CONFIRMED)
    problem = Problem(status=503, title=title, code=failure.reason.value, detail=detail)
    return Answer(status=503, headers=(CONTENT_PROBLEM, *retry_headers(failure)), body=problem.body())


def retry_headers(failure: Failure) -> Headers:
    """Return the ``Retry-After`` of *failure*, where it has one, and the limit that was reached, where it was one."""
    if isinstance(failure, Rejected) or failure.retry_after is None:
        return ()
    after = (b"retry-after", b"%d" % failure.retry_after)
    if isinstance(failure, Refused) and failure.quota is not None:
        return (after, *quota_headers(failure.quota))
    return (after,)


def quota_headers(quota: Quota) -> Headers:
    """Return how much may be sent: at once, still now, and after how many seconds all of it again; for pages to read, too."""
    return (
        # Beside what every answer exposes: browsers read the lines as one list (Fetch standard).
        EXPOSED_QUOTA,
        (b"x-ratelimit-limit", b"%d" % quota.limit),
        (b"x-ratelimit-remaining", b"%d" % quota.remaining),
        (b"x-ratelimit-reset", b"%d" % quota.reset),
    )


def with_quota(answer: Answer, quota: Quota | None) -> Answer:
    """Return *answer* saying *quota*, unless it says already which limit was reached."""
    if quota is None or answer.status == TOO_MANY:
        return answer
    return structs.replace(answer, headers=(*answer.headers, *quota_headers(quota)))


def _rejected(failure: Rejected) -> Answer:
    problem = Problem(
        status=failure.status,
        title="The request was not understood, and nothing of it was stored.",
        code=failure.reason.value,
        detail=failure.detail,
        field=failure.field,
    )
    return Answer(status=failure.status, headers=(CONTENT_PROBLEM,), body=problem.body())


def _refused(failure: Refused) -> Answer:
    title, detail = _REFUSALS[failure.reason]
    problem = Problem(status=failure.status, title=title, code=failure.reason.value, detail=detail)
    return Answer(status=failure.status, headers=(CONTENT_PROBLEM, *retry_headers(failure)), body=problem.body())


_REFUSALS: Final = {
    RefuseReason.UNAUTHENTICATED: ("A key is needed.", "Send a key that is in use where this endpoint expects it."),
    RefuseReason.FORBIDDEN: ("The key does not allow this.", "Use a key that has the scope for it."),
    RefuseReason.RATE_LIMITED: ("Too much at once.", "Send it again after Retry-After seconds, and less often from then on."),
}

_NOT_CONFIRMED: Final = (
    "The event could not be confirmed as stored.",
    "Send it again after Retry-After seconds, with the same id, so that it is stored once.",
)
_OUTAGES: Final = {
    UnavailableReason.SECRET: (
        "No pseudonym can be made now, and nothing was stored.",
        "Send it again after Retry-After seconds. If it stays so, `collector doctor` says why.",
    ),
    UnavailableReason.TOKENS: (
        "No token can be checked now.",
        "Send it again after Retry-After seconds, or with the key itself. If it stays so, `collector doctor` says why.",
    ),
}

DEFECT: Final = Answer(
    status=500,
    headers=(CONTENT_PROBLEM,),
    body=Problem(status=500, title="Something went wrong on our side.", code="defect", detail="Send it again later.").body(),
)
