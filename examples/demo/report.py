"""What the demo prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from examples.demo.pipe import Sync

MOST_SHOWN = 10


class Report:
    """The demo's voice."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, title: str, lines: Iterable[str] = ()) -> None:
        """Begin a part of the story."""
        self._console.rule(f"[bold]{title}")
        for line in lines:
            self._console.print(f"  • {line}")

    def sync(self, done: Sync, calls: Mapping[str, Any], writes: Mapping[str, Any]) -> None:
        """Say what a sync read, wrote and cost."""
        table = Table(show_header=False, box=None, padding=(0, 2))
        table.add_row("read", _pairs(done.records) or "no records: nothing changed")
        table.add_row("Salesforce rows", _pairs(writes) or "no write at all")
        for side, counts in calls.items():
            table.add_row(f"{side} calls", f"{sum(counts.values())}: {_pairs(counts)}")
        table.add_row("took", f"{done.seconds:.1f} s")
        self._console.print(table)
        for line in done.summary:
            self._console.print(f"  [dim]{line}", highlight=False, markup=True)

    def verdict(self, differences: list[str], people: int) -> None:
        """Say whether the two sides agree."""
        if not differences:
            self._console.print(f"[bold green]Salesforce equals Customer.io for {people} people.")
            return
        self._console.print(f"[bold red]{len(differences)} differences:")
        for line in differences[:MOST_SHOWN]:
            self._console.print(f"  {line}")


def _pairs(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
