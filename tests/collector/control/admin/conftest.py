"""The same installation for the administration's tests, and one with two tenants and everybody who may ask."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.collector.control import conftest
from tests.collector.control.admin.installed import Installed, installed

# Found by pytest under these names.
client, world = conftest.client, conftest.world


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def there(nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installed]:
    async with installed(nats_url, tmp_path_factory.mktemp("administration")) as there:
        yield there
