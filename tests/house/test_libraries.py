"""One library, one address: what a library is asked is asked in one place, so that it can be replaced, and tested, there."""

from tests.house.sources import SOURCES, imports, is_at, name_of

# A folder ends with a slash.
ADDRESSES = {
    "nats": ("collector/stream/", "collector/salts/", "projections/stream/"),
    "eventsourcing": ("collector/control/",),
    "sqlalchemy": ("projections/",),
    "asyncpg": ("projections/",),
    "alembic": ("projections/migrations/",),
    "apscheduler": ("collector/jobs.py", "projections/jobs.py"),
    "litestar": (
        "collector/app.py",
        "collector/control/admin/",
        "collector/serving/",
        "projections/",
        "collector/cli/query.py",
    ),
    "cryptography": ("collector/control/sealing.py", "projections/vault.py"),
    "argon2": ("collector/control/passwords.py",),
    "jwt": ("collector/control/tokens.py", "projections/tokens.py"),
    "uvicorn": ("collector/serving/",),
    "uvloop": ("collector/serving/", "projections/projector/share.py"),
    "babel": ("projections/dashboard/",),
    "jinja2": ("projections/dashboard/",),
    "ua_parser": ("collector/privacy/enrich/",),
    "crawleruseragents": ("collector/privacy/enrich/",),
    "maxminddb": ("collector/privacy/enrich/",),
    "idna": ("contracts/names.py",),
    "click": ("collector/cli/",),
    "rich": ("collector/cli/",),
}


def test_a_library_has_one_address():
    strays = [
        f"{name_of(file)} imports {module}"
        for file in SOURCES
        for module in imports(file)
        if (addresses := ADDRESSES.get(module.partition(".")[0])) is not None and not is_at(file, addresses)
    ]
    assert not strays, "ask the room that has the library, as the list above says, instead of the library"
