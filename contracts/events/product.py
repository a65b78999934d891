"""The product family: somebody did something with a name in an app, and somebody was described."""

from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta, Struct

from contracts.events.envelope import Fact, Scalar
from contracts.events.web import Place

# 32 hex digits that stand for an id; the id itself where the site's policy is to keep ids plain; empty for nobody.
Subject: TypeAlias = Annotated[str, Meta(max_length=512)]
# Of a process: what the system gave back, 128 and a signal's number where one ended it; negative on some systems.
ExitCode: TypeAlias = Annotated[int, Meta(ge=-(2**31), lt=2**32)]


class App(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it was done with: the app's version, its system, and the editor or host that it is a part of; "" is "not known"."""

    version: str = ""
    os: str = ""
    host: str = ""
    host_version: str = ""


class ProductFact(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of the product family: who, on which device, in which session of the caller's own, and with what.

    ``subject``, ``device`` and ``session`` are pseudonyms made with the tenant's secret, the same one for the same id of the
    site, so that a device that stands where somebody else writes a user is the same somebody. ``place`` is empty where the
    caller's request says nothing of where the subject is.
    """

    family: ClassVar[str] = "product"

    subject: Subject = ""
    device: Subject = ""
    session: Subject = ""
    app: App = App()
    place: Place = Place()


class ActionRecorded(ProductFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="action_recorded.v1"):
    """Something with a name was done; ``duration_ms`` and ``exit_code`` are told of what ran and came to an end."""

    name: str
    props: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it
    duration_ms: int | None = None
    exit_code: ExitCode | None = None


class SubjectDescribed(
    ProductFact, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="subject_described.v1"
):
    """Somebody has these traits from now on; a trait that is not named stays what it was."""

    traits: dict[str, Scalar] = {}  # noqa: RUF012  # msgspec copies it


ProductEvent: TypeAlias = ActionRecorded | SubjectDescribed
FACTS: tuple[type[ProductFact], ...] = (ActionRecorded, SubjectDescribed)
