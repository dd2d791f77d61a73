"""A workspace in memory that answers as the reader's ``Customerio`` promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from source_customerio_segments.changes import Activity, Page, Profile, Segment
from source_customerio_segments.errors import ConnectorError, Fault, SegmentGone

PAGE_PEOPLE = 2


@dataclass
class FakeCustomerio:
    """People with identifiers and attributes, segments with members; all of it may be changed.

    *unreadable* segments break after their first page, *begun_again* ones are told once more from
    the beginning, as when a page token expires; *unshown* are the identifiers that pages leave out,
    by person; *states* other than ``finished`` and counts other than the true ones can be set by
    segment.
    """

    people: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    attributes_of: dict[str, dict[str, str]] = field(default_factory=dict)
    members: dict[int, list[str]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    states: dict[int, list[str]] = field(default_factory=dict)
    conditions: dict[int, object] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)
    begun_again: set[int] = field(default_factory=set)
    unshown: dict[str, set[str]] = field(default_factory=dict)
    fails_attributes_after: int | None = None
    asked: list[str] = field(default_factory=list)
    log: list[Activity] = field(default_factory=list)

    def enter(self, segment_id: int, *cio_ids: str) -> None:
        for cio_id in cio_ids:
            self.people.setdefault(cio_id, (f"{cio_id}@example.com", f"u-{cio_id}"))
            self.attributes_of.setdefault(cio_id, {"plan": "pro"})
            members = self.members.setdefault(segment_id, [])
            if cio_id not in members:
                members.append(cio_id)

    def leave(self, segment_id: int, *cio_ids: str) -> None:
        self.members[segment_id] = [
            each for each in self.members[segment_id] if each not in cio_ids
        ]

    def rename(self, cio_id: str, email: str | None, at_s: int) -> None:
        """Change an address, and log that."""
        before, own_id = self.people[cio_id]
        self.people[cio_id] = (email, own_id)
        self._happened("attribute_change", cio_id, at_s, {"email": {"from": before, "to": email}})

    def _happened(self, kind: str, cio_id: str, at_s: int, data: dict[str, object]) -> None:
        email, own_id = self.people[cio_id]
        self.log.insert(
            0, Activity(f"{len(self.log)}", kind, None, at_s, cio_id, own_id, email, data)
        )

    def delete(self, cio_id: str, kind: str = "profile_delete") -> None:
        if cio_id in self.people:
            self._happened(kind, cio_id, 0, {})
        self.people.pop(cio_id, None)
        for segment_id in self.members:
            self.leave(segment_id, cio_id)

    def segments(self) -> list[Segment]:
        self.asked.append("segments")
        return [self._segment(key) for key in self.members]

    def _segment(self, key: int) -> Segment:
        states = self.states.get(key) or ["finished"]
        state = states.pop(0) if len(states) > 1 else states[0]
        name = self.names.get(key, f"Segment {key}")
        raw = {"id": key, "name": name, "state": state, "conditions": self.conditions.get(key)}
        return Segment(key, name, state, raw)

    def membership(self, segment_id: int) -> Iterator[Page]:
        self.asked.append(f"membership {segment_id}")
        if segment_id not in self.members:
            raise SegmentGone(segment_id)
        yield from self._pages(segment_id)
        if segment_id in self.begun_again:
            yield from self._pages(segment_id)

    def _pages(self, segment_id: int) -> Iterator[Page]:
        members = self.members[segment_id]
        for start in range(0, max(len(members), 1), PAGE_PEOPLE):
            part = members[start : start + PAGE_PEOPLE]
            shown = [self.shown(cio_id) for cio_id in part]
            yield Page(part, [each[0] for each in shown], [each[1] for each in shown])
            if segment_id in self.unreadable:
                raise ConnectorError("the page cannot be read", Fault.TRANSIENT)

    def shown(self, cio_id: str) -> tuple[str | None, str | None]:
        """Return the identifiers that pages show of a person."""
        hidden = self.unshown.get(cio_id, set())
        email, own_id = self.people[cio_id]
        return None if "email" in hidden else email, None if "id" in hidden else own_id

    def customer_count(self, segment_id: int) -> int:
        self.asked.append(f"count {segment_id}")
        if segment_id not in self.members:
            raise SegmentGone(segment_id)
        return self.counts.get(segment_id, len(self.members[segment_id]))

    def attributes(
        self, batches: Iterable[Sequence[str]]
    ) -> Iterator[tuple[Sequence[str], list[Profile]]]:
        for number, batch in enumerate(batches):
            if self.fails_attributes_after is not None and number >= self.fails_attributes_after:
                raise ConnectorError("attributes cannot be read", Fault.TRANSIENT)
            self.asked.append(f"attributes of {len(batch)}")
            known = [cio_id for cio_id in batch if cio_id in self.people]
            yield (
                batch,
                [
                    Profile(cio_id, *self.people[cio_id], False, dict(self.attributes_of[cio_id]))
                    for cio_id in known
                ],
            )

    def activities(self, kind: str, name: str | None = None) -> Iterator[list[Activity]]:
        self.asked.append(f"activities {kind}")
        found = [each for each in self.log if each.kind == kind and (not name or name in each.data)]
        for activity in found:
            yield [activity]
