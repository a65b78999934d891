"""An endpoint that tells what it was sent."""

from collections.abc import Iterator

import pytest

from tests.projections.forwarding.listener import Listener, listening


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener
