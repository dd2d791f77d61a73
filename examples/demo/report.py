"""What the demo prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
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
        table = Table(show_header=False, box=None, padding=(0, 1))
        table.add_column(style="bold", no_wrap=True)
        table.add_row("read", _pairs(done.records))
        table.add_row("written", _written(writes))
        for side, counts in calls.items():
            short = {_short(route): count for route, count in counts.items()}
            table.add_row(f"{side} calls", f"{sum(counts.values())}: {_pairs(short)}")
        table.add_row("took", f"{done.seconds:.1f} s")
        table.add_row("it says", "\n".join(escape(line) for line in done.summary))
        self._console.print(table)

    def verdict(self, differences: list[str], people: int) -> None:
        """Say whether the two sides agree."""
        if not differences:
            self._console.print(f"[bold green]Salesforce equals Customer.io for {people} people.")
            return
        self._console.print(f"[bold red]{len(differences)} differences:")
        for line in differences[:MOST_SHOWN]:
            self._console.print(f"  {line}")


def _written(writes: Mapping[str, Any]) -> str:
    done = {name: _pairs(counts) for name, counts in writes["objects"].items()}
    return "; ".join(f"{name}: {counts}" for name, counts in done.items() if counts) or "nothing"


def _short(route: str) -> str:
    """Leave out what every route of a side shares."""
    return (
        route.replace("/services/data/v{version}", "").replace("/services", "").replace("/v1", "")
    )


def _pairs(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
