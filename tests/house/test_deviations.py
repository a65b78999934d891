"""The dialects' README: each dialect has a row among those with addresses; deviations stand in one table, by system."""

from itertools import groupby
from pathlib import Path

from collector.dialects import DIALECTS
from contracts.mounts import Mount

README = Path(__file__).parents[2] / "collector" / "dialects" / "README.md"
SYSTEMS = ["all", "native", "batch", "pixel", "flowcore", "bilan", "bilan, read", "nodash", "minigem", "change66"]


def tables() -> dict[str, list[list[str]]]:
    """Return the rows of each table by its header, which names what the rows are of."""
    lines = README.read_text(encoding="utf-8").splitlines()
    blocks = [
        list(block) for is_row, block in groupby(lines, lambda line: line.startswith("| ") or line == "|---|---|---|---|")
    ]
    found = [
        [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in block] for block in blocks if block[0][:1] == "|"
    ]
    return {" ".join(rows[0]): rows[2:] for rows in found}


def test_every_dialect_has_a_row_with_its_addresses():
    of_dialects, _ = tables().values()
    assert {part.dialect for part in DIALECTS} <= {row[0] for row in of_dialects}
    for mount in Mount:
        assert any(f"`/{mount}" in row[1] or f" /{mount}" in row[1] for row in of_dialects if row[0].startswith(mount)), mount


def test_every_deviation_stands_in_one_table_by_system():
    (_, deviations) = tables().items()
    assert deviations[0] == "system what there here, and why"
    assert [system for system, _ in groupby(row[0] for row in deviations[1])] == SYSTEMS
    assert all(len(row) == 4 and all(row) for row in deviations[1])
    said = [(row[0], row[1]) for row in deviations[1]]
    assert len(said) == len(set(said))
    for what in ("a repeated id", "an item with neither id nor time", "a retry after 503"):
        assert ("all", what) in said
