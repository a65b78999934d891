"""The same installation for the administration's tests."""

from tests.collector.control import conftest

# Found by pytest under these names.
client, world = conftest.client, conftest.world
