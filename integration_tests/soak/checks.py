"""What must hold after a sync: pure comparison of what was told with what is true."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from integration_tests.soak.truth import Membership, Truth
from integration_tests.soak.warehouse import (
    MEMBERSHIPS,
    PROFILES,
    Row,
    Table,
    Warehouse,
    own_attributes,
)

# Shown among the attributes by the API, and kept apart from them in the truth.
IDENTIFIERS = ("email", "id", "cio_id")
MASS_EXIT = "mass_exit"


@dataclass(frozen=True, slots=True)
class Scene:
    """One sync, as far as a check needs it.

    Attributes:
        before: The selected segments when it began.
        after: ... and when it ended.
        unknown: Segments whose reads told less than the truth from beginning to end.
        rows: This sync's ``segment_syncs`` by segment; without them nothing is known to be held.
        warned: Segments that are held in any stream; rows tell of memberships alone, and a stream
            that began anew has nobody to lose.
        expels: Members of a segment that is gone leave with it.
    """

    before: Truth
    after: Truth
    unknown: frozenset[int]
    rows: Mapping[int, Row]
    warned: frozenset[int] = frozenset()
    expels: bool = False

    @property
    def held(self) -> frozenset[int]:
        """Segments of which no exit may be told."""
        return self.unknown | {key for key, row in self.rows.items() if row["held"]}

    @property
    def known(self) -> frozenset[int]:
        """Segments that were read and believed."""
        return frozenset(self.rows.keys() & self.after.segments.keys()) - self.held

    @property
    def known_to_all(self) -> frozenset[int]:
        """Segments that were read and believed in every stream."""
        return self.known - self.warned


# --- of any sync, however it ended --------------------------------------------------------------


def wrong_exits(scene: Scene, exits: Iterable[Membership]) -> Iterator[str]:
    """Find exits of people who never left, and of segments that are held."""
    stayed = scene.before.memberships & scene.after.memberships
    for segment, cio_id in exits:
        if (segment, cio_id) in stayed:
            yield f"{MEMBERSHIPS} {segment}/{cio_id}: reported as gone, and was there all the time"
        if segment in scene.held:
            yield f"{MEMBERSHIPS} {segment}/{cio_id}: reported as gone from a held segment"


def wrong_profile_exits(
    scene: Scene, exits: Mapping[str, Collection[int]], *, announced: bool
) -> Iterator[str]:
    """Find profiles reported as gone of people in the audience.

    Args:
        scene: The sync.
        exits: Each person's segments as told before.
        announced: The sync before may have believed an exit and died before it told it. It is
            told now, whatever the gate says by now.
    """
    for cio_id, told in exits.items():
        inside = scene.before.segments_of(cio_id) & scene.after.segments_of(cio_id)
        if inside & (scene.known | set(told)):  # of others the source cannot know who came
            yield f"{PROFILES} {cio_id}: reported as gone, and was there all the time"
        if not announced and scene.unknown & set(told):
            yield f"{PROFILES} {cio_id}: reported as gone, and is in a held segment"


# --- of a sync that went well while nothing changed ---------------------------------------------


def differences(scene: Scene, warehouse: Warehouse, *, fresh: bool) -> Iterator[str]:
    """Compare the tables with the truth, segment by segment as far as it is known.

    Args:
        scene: The sync.
        warehouse: The tables.
        fresh: Attributes were read of everybody, so they are compared as well.
    """
    memberships = warehouse.tables[MEMBERSHIPS]
    for key in sorted(scene.known):
        yield from _segment(key, memberships, scene.after)
    if scene.expels:
        gone = {place[0] for place in memberships.present()} - scene.after.segments.keys()
        yield from (f"{MEMBERSHIPS} of {key}: still told, and the segment is gone" for key in gone)
    yield from _profiles(scene, warehouse.tables[PROFILES], fresh=fresh)
    if warehouse.knows_identifiers:
        yield from _emails(scene, warehouse)


def _segment(key: int, table: Table, truth: Truth) -> Iterator[str]:
    told = {place[1]: row for place, row in table.present().items() if place[0] == key}
    yield from _sets(f"{MEMBERSHIPS} of {key}", told.keys(), truth.segments[key])
    for cio_id in told.keys() & truth.segments[key]:
        yield from _identifiers(f"{MEMBERSHIPS} {key}/{cio_id}", told[cio_id], truth.people[cio_id])


def _profiles(scene: Scene, table: Table, *, fresh: bool) -> Iterator[str]:
    told = {place[0]: row for place, row in table.present().items()}
    for cio_id, row in told.items():
        in_others = set(row["segment_ids"]) - scene.known_to_all
        if not (in_others or scene.after.segments_of(cio_id)):
            yield f"{PROFILES} {cio_id}: still told, and in no segment"
    for cio_id in scene.after.people:
        inside = scene.after.segments_of(cio_id) & scene.known_to_all
        if cio_id in told:
            yield from _profile(scene, told[cio_id], inside, fresh=fresh)
        elif inside:
            yield f"{PROFILES} {cio_id}: never told, and in {sorted(inside)}"


def _profile(scene: Scene, row: Row, inside: Collection[int], *, fresh: bool) -> Iterator[str]:
    name, person = f"{PROFILES} {row['cio_id']}", scene.after.people[row["cio_id"]]
    ids = set(row["segment_ids"])
    if ids & scene.known_to_all != inside:
        yield f"{name}: told in {sorted(ids & scene.known_to_all)}, is in {sorted(inside)}"
    for column, value in row.items():
        if column.startswith("in_segment_") and value != (int(column.split("_")[-1]) in ids):
            yield f"{name}: {column} does not agree with segment_ids"
    if inside:
        yield from _identifiers(name, row, person)
    if inside and fresh:
        yield from _attributes(name, row, person["attributes"])


def _attributes(name: str, row: Row, truth: Mapping[str, Any]) -> Iterator[str]:
    told = own_attributes(row["attributes"])
    columns = {each: row[each] for each in told.keys() & row.keys()}
    kept = {each: value for each, value in told.items() if each not in IDENTIFIERS}
    expected = {each: truth.get(each) for each in kept.keys() | _everything(row, truth)}
    if kept != expected:
        wrong = sorted(each for each in expected if kept.get(each) != expected[each])
        yield f"{name}: the attributes {wrong} are not as Customer.io holds them"
    for each, value in columns.items():
        if each not in IDENTIFIERS and value != truth.get(each):
            yield f"{name}: the column {each} is not as Customer.io holds it"


def _everything(row: Row, truth: Mapping[str, Any]) -> set[str]:
    """Return the attributes that must be there, unless some are selected: each has a column."""
    selected = any(each in row for each in row["attributes"] if each not in IDENTIFIERS)
    return set() if selected else set(truth)


def _emails(scene: Scene, warehouse: Warehouse) -> Iterator[str]:
    told = warehouse.tables[MEMBERSHIPS].by_email
    for key in sorted(scene.known):
        people = {each: scene.after.people[each]["email"] for each in scene.after.segments[key]}
        expected = {email: cio_id for cio_id, email in people.items() if email is not None}
        emails = {place[1]: cio_id for place, cio_id in told.items() if place[0] == key}
        if emails != expected:
            odd = sorted(each[1] for each in emails.items() ^ expected.items())
            yield f"{MEMBERSHIPS} of {key} keyed on e-mail: wrong about {odd[0]}"


def _identifiers(name: str, row: Row, person: Mapping[str, Any]) -> Iterator[str]:
    for column in ("email", "id"):
        if row[column] != person[column]:
            yield f"{name}: {column} is not the one the person has"


def _sets(name: str, told: Collection[str], true: Collection[str]) -> Iterator[str]:
    extra, missing = sorted(set(told) - set(true)), sorted(set(true) - set(told))
    if extra:
        yield f"{name}: {len(extra)} told and not there, such as {extra[0]}"
    if missing:
        yield f"{name}: {len(missing)} there and not told, such as {missing[0]}"


@dataclass(frozen=True, slots=True)
class Rules:
    """``max_exit_percent``, ``max_exit_minimum``, ``release_segments``."""

    percent: float
    minimum: int
    released: frozenset[int]

    def hold(self, segment: int, exits: int, before: int) -> str | None:
        """Return why a segment that is read whole is held."""
        many = exits >= max(self.minimum, 1) and exits * 100 > before * self.percent
        return MASS_EXIT if many and segment not in self.released else None


def wrong_holds(scene: Scene, told: Table, rules: Rules) -> Iterator[str]:
    """Find segments held without reason, and mass exits that were let through.

    Args:
        scene: The sync.
        told: The memberships as they were before it; nothing was open.
        rules: The settings of the gate.
    """
    for key in scene.after.segments.keys() & scene.rows.keys() - scene.unknown:
        members = {place[1] for place in told.present() if place[0] == key}
        exits = len(members - scene.after.segments[key])
        expected = rules.hold(key, exits, len(members))
        reason = scene.rows[key]["held_reason"]
        if reason != expected:
            left = f"{exits} of {len(members)} left"
            yield f"segment {key}: held for {reason}, expected {expected} ({left})"
