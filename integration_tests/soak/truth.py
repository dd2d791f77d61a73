"""Who really is in what, as the sandbox tells it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.control import CustomerioControl

Membership = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """The workspace at one instant.

    Attributes:
        segments: The members of each listed segment, by cio_id.
        people: ``{"e2…": {"email": …, "id": …, "attributes": {…}}}``.
    """

    segments: Mapping[int, frozenset[str]]
    people: Mapping[str, Mapping[str, Any]]

    @classmethod
    def of(cls, control: CustomerioControl) -> Truth:
        """Ask the sandbox."""
        told = control.truth()
        segments = {int(key): frozenset(members) for key, members in told["segments"].items()}
        return cls(segments, told["people"])

    def only(self, selected: Collection[int]) -> Truth:
        """Return the same with the *selected* segments only; empty selects all."""
        kept = {k: v for k, v in self.segments.items() if not selected or k in selected}
        return Truth(kept, self.people)

    @property
    def memberships(self) -> frozenset[Membership]:
        """All pairs of segment and person."""
        return frozenset((key, each) for key, members in self.segments.items() for each in members)

    def segments_of(self, cio_id: str) -> frozenset[int]:
        """Return the segments a person is in."""
        return frozenset(key for key, members in self.segments.items() if cio_id in members)
