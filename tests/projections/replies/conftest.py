"""The same application and the same facts as for the tests of answers."""

from tests.projections.query.conftest import doorstep, world  # noqa: F401  # pytest finds fixtures by their names here
