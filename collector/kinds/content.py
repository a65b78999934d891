"""The id of an item that has none, but a time of its own: made of all that it says, so that a retry has it again."""

from typing import Any

from collector.privacy.identity import Identity
from collector.record import uuid8


def id_of_content(content: str, envelope: dict[str, Any], identity: Identity) -> str:
    """Return the id of the fact that an item with the digest *content* becomes, the envelope's own where that is "".

    The item names its user, so only the tenant's secret keeps the id from being a hash in which a guess at them could be
    checked; where the policy knows nobody, such an item is a fact of its own at each arrival.
    """
    own: str = envelope["id"]
    if not content:
        return own
    keyed = identity.subject(content)
    return uuid8(envelope["tenant"], envelope["site"], keyed) if keyed else own
