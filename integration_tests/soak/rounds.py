"""What happens around one sync, and how much a life has seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_tests.soak import weather
from integration_tests.soak.connection import Told
from integration_tests.soak.people_changes import Operation
from integration_tests.soak.process import Cut


class Violation(Exception):  # noqa: N818 - the test's finding, not an error of ours
    """Something that must hold did not; the text tells what, and what had happened."""


@dataclass(slots=True)
class Round:
    """What happened around one sync, as far as it was decided beforehand."""

    between: list[Operation] = field(default_factory=list)
    during: list[Operation] = field(default_factory=list)
    faults: list[weather.Fault] = field(default_factory=list)
    is_lasting: bool = False
    cut: Cut | None = None
    released: frozenset[int] = frozenset()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Tell it, a line each."""
        yield from (f"  between: {each}" for each in self.between)
        yield from (f"  during:  {each}" for each in self.during)
        yield from (f"  fault:   {each}" for each in self.faults)
        yield f"  cut: {self.cut}; settings: {dict(self.extra)}"


@dataclass(slots=True)
class Tally:
    """How much a life has seen."""

    syncs: int = 0
    compared: int = 0
    records: int = 0
    held: int = 0
    ended: dict[str, int] = field(default_factory=dict)

    def count(self, told: Told) -> None:
        """Count one sync."""
        self.syncs += 1
        self.records += sum(told.records.values())
        self.held += sum(bool(row["held"]) for row in told.rows.values())
        ending = str(told.output.exit_code)
        self.ended[ending] = self.ended.get(ending, 0) + 1
