"""What people are and have been called, and whether records call them so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integration_tests.soak.connection import Told
from integration_tests.soak.truth import Truth
from integration_tests.soak.warehouse import KEYS, MEMBERSHIPS, Row, is_nameless, where

IDENTIFIERS = ("email", "id")
Called = Mapping[str, str | None]


@dataclass
class Names:
    """Everybody's identifiers over time, learnt from the truth between all changes.

    Args:
        by_id: The pages of members show no e-mail addresses.
        suppressed: People whom Customer.io has forgotten, or is about to.
    """

    by_id: bool = False
    suppressed: Collection[str] = ()
    _ever: dict[str, set[str]] = field(default_factory=dict)
    _last: dict[str, Called] = field(default_factory=dict)

    def learn(self, truth: Truth) -> None:
        """Take in what everybody is called now."""
        for cio_id, person in truth.people.items():
            self._last[cio_id] = {name: person[name] for name in IDENTIFIERS}
            self._ever.setdefault(cio_id, set()).update(filter(None, self._last[cio_id].values()))

    def on_pages(self, person: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a person as the pages of members show them."""
        return {**person, "email": None} if self.by_id else person

    def wrong(self, told: Told, truths: Sequence[Truth]) -> Iterator[str]:
        """Find people who are called what they never were, or leave without a name they had.

        Args:
            told: What a sync told.
            truths: The workspace when it began and when it ended.
        """
        for stream, row in told.output.records():
            if stream in KEYS:
                yield from self._invented(f"{stream} {where(row)}", row)
        for stream, gone in told.asked:
            yield from self._of_exit(stream, gone, truths)
        if told.is_whole and not self.by_id:
            yield from _uncounted(told)

    def _invented(self, name: str, row: Row) -> Iterator[str]:
        said = {row[f"{before}{each}"] for before in ("", "previous_") for each in IDENTIFIERS}
        if not said <= {None, *self._ever.get(row["cio_id"], ())}:
            yield f"{name}: called what they never were"

    def _of_exit(self, stream: str, row: Row, truths: Sequence[Truth]) -> Iterator[str]:
        """Check who left: they are called as they are, or as they were called last."""
        cio_id = row["cio_id"]
        if cio_id in self.suppressed and is_nameless(row):
            return  # Customer.io has forgotten them
        called: list[Called] = [truth.people[cio_id] for truth in truths if cio_id in truth.people]
        for name in IDENTIFIERS:
            possible = {each[name] for each in called or [self._last[cio_id]]}
            if self.by_id and stream == MEMBERSHIPS and name == "email":
                possible.add(None)  # of whom another segment has shown
            if row[name] not in possible:
                yield f"{stream} {where(row)}: leaves without the {name} they had"


def _uncounted(told: Told) -> Iterator[str]:
    for stream in told.digests:
        rows = [row for each, row in told.asked if each == stream]
        nameless = len({row["cio_id"] for row in rows if is_nameless(row)})
        counted = told.output.nameless(stream)
        if nameless != counted:
            yield f"{stream}: {nameless} left with their cio_id alone, the warning says {counted}"
