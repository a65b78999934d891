"""Refused: a question that cannot be answered, as the problem document that the caller gets."""

from contracts.problem import Problem


class Refused(Exception):
    """Nothing is answered: *problem* says what is wrong, which part and what to do, and quotes nothing of the caller's."""

    def __init__(self, problem: Problem, *, retry_after: int | None = None, challenge: bool = False) -> None:
        super().__init__(problem.title)
        self.problem = problem
        self.retry_after = retry_after
        self.challenge = challenge

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to the answer."""
        headers: dict[str, str] = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.challenge:
            headers["WWW-Authenticate"] = 'Bearer realm="collector"'
        return headers


BAD_PARAMETER = "bad_parameter"


def bad_parameter(field: str, detail: str) -> Refused:
    """Return the refusal of the parameter *field*; *detail* says what to write instead."""
    return Refused(Problem(status=400, title="A parameter cannot be read", code=BAD_PARAMETER, detail=detail, field=field))


def not_found(detail: str, *, title: str = "There is nothing here") -> Refused:
    """Return the refusal of an address that leads nowhere."""
    return Refused(Problem(status=404, title=title, code="not_found", detail=detail))


def forbidden(code: str, detail: str) -> Refused:
    """Return the refusal of somebody who may not ask."""
    return Refused(Problem(status=403, title="This is not open to you", code=code, detail=detail))


def slowed(wait: int) -> Refused:
    """Return the refusal of somebody who has shown too much that is wrong; nothing is looked at for *wait* seconds."""
    detail = "Too many wrong credentials came from this address. Ask again after Retry-After seconds, with one that is in use."
    return Refused(Problem(status=429, title="Too many were wrong", code="slowed", detail=detail), retry_after=wait)


def unauthorized() -> Refused:
    """Return the refusal of somebody who has not shown the access token."""
    detail = "Send the access token as 'Authorization: Bearer <token>', or sign in on /login."
    return Refused(Problem(status=401, title="An access token is needed", code="unauthorized", detail=detail), challenge=True)


class KeyEnded(Refused):
    """The key was right until it ended: answered as what is wrong, but by a system that told its clients so."""

    def __init__(self) -> None:
        super().__init__(unauthorized().problem, challenge=True)


def unavailable(code: str, detail: str, *, retry_after: int = 5) -> Refused:
    """Return the answer for now: the question is fine, the database is not."""
    return Refused(Problem(status=503, title="No answer is possible now", code=code, detail=detail), retry_after=retry_after)
