"""Doctor says what the control plane's events have made, and which of them it cannot read."""

from collector.cli.checks.control import examine_control
from collector.cli.checks.finding import Finding, Severity
from collector.settings import read_settings
from tests.collector.control.telling import writing


async def found(nats_url: str) -> list[Finding]:
    return [finding async for finding in examine_control(read_settings({}), nats_url)]


async def test_where_nothing_was_decided_all_is_well(stream_free_nats: str):
    (finding,) = await found(stream_free_nats)
    assert finding.severity is Severity.GOOD


async def test_an_event_that_cannot_be_read_is_named_with_what_to_do(stream_free_nats: str):
    async with writing(stream_free_nats) as pen:
        await pen.make()
        await pen.write([*pen.tenant("acme"), *pen.site("acme", "shop.example")])
        (finding,) = await found(stream_free_nats)
        assert (finding.severity, finding.text) == (Severity.GOOD, "3 tenants, sites, names and keys are known")
        await pen.put("control.tenant.acme.2", b'{"type":"tenant_moved.v1"}')
        (finding,) = await found(stream_free_nats)
        assert finding.severity is Severity.ODD
        assert f"at {pen.seq}" in finding.text
        assert "nats stream get" in finding.advice
