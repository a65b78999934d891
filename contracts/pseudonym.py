"""The pseudonym of a user id, which ingest stores and a question by user id asks for: one formula for both halves."""

import hmac


def pseudonym(secret: bytes, *, site: str, user: str) -> str:
    """Return what stands for *user* on *site*, as hex; without *secret* nobody can tell whom, or join two sites."""
    return hmac.digest(secret, _framed(site) + _framed(user), "sha256")[:16].hex()


def _framed(part: str) -> bytes:
    # The length in front keeps "a" + "bc" apart from "ab" + "c".
    text = part.encode("utf-8", "surrogatepass")
    return len(text).to_bytes(4) + text
