"""The stream as the projector sees it: which stream this is, how much of it is left, and ordered batches after a position."""

from projections.stream.connection import NoStream, StreamUnavailable, WaitingIsNoUse
from projections.stream.reader import Interrupted, Reader
from projections.stream.source import Backlog, Identity, Stream

__all__ = ["Backlog", "Identity", "Interrupted", "NoStream", "Reader", "Stream", "StreamUnavailable", "WaitingIsNoUse"]
