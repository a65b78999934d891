"""Rolling up: what the worker beside the projector computes of closed days, computed until nothing is left to do."""


async def roll_up(database_url: str) -> None:
    """Compute every closed day of every site that is not fresh."""
    del database_url
