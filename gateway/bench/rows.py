"""What a bench reports: rows with a value, the bar it should clear, and whether it does."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One figure. `bar` is the least value that will do, or the greatest when `bar_is_ceiling`."""

    row: str
    value: float
    unit: str
    bar: float | None = None
    bar_is_ceiling: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the value clears its bar; None without one."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.bar_is_ceiling else self.value >= self.bar


def report(rows: Sequence[Row], file: Path, console: Console) -> None:
    """Print the rows as a table, and write them as `[{"row", "value", "unit", "bar", "holds"}]`."""
    table = Table("figure", "value", "unit", "bar", "holds")
    for row in rows:
        limit = "" if row.bar is None else f"{'≤' if row.bar_is_ceiling else '≥'} {row.bar:g}"
        held = {True: "yes", False: "NO", None: ""}[row.holds]
        table.add_row(row.row, f"{row.value:.3g}" if row.value < 100 else f"{row.value:,.0f}", row.unit, limit, held)  # noqa: PLR2004 - above it, digits behind the point say nothing
    console.print(table)
    file.parent.mkdir(parents=True, exist_ok=True)
    documents = [{**asdict(row), "holds": row.holds} for row in rows]
    for document in documents:
        del document["bar_is_ceiling"]
    file.write_bytes(orjson.dumps(documents, option=orjson.OPT_INDENT_2))
