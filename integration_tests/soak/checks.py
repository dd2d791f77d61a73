"""What must hold after a sync: pure comparison of what was told with what is true."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integration_tests.soak.connection import Told
from integration_tests.soak.names import IDENTIFIERS, Names
from integration_tests.soak.truth import Membership, Truth
from integration_tests.soak.warehouse import (
    MEMBERSHIPS,
    PROFILES,
    Row,
    Table,
    Warehouse,
    is_present,
    own_attributes,
)

# Shown among the attributes by the API, and kept apart from them in the truth.
APART = (*IDENTIFIERS, "cio_id")


@dataclass(frozen=True, slots=True)
class Scene:
    """One sync, as far as a check needs it.

    Attributes:
        before: The selected segments when it began.
        after: ... and when it ended.
        unknown: Segments whose reads told less than the truth from beginning to end.
        rows: This sync's ``segment_syncs`` by segment; without them nothing is known to be held.
        expels: Members of a segment that is gone leave with it.
        names: What people are called.
    """

    before: Truth
    after: Truth
    unknown: frozenset[int]
    rows: Mapping[int, Row]
    expels: bool = False
    names: Names = field(default_factory=Names)

    @property
    def held(self) -> frozenset[int]:
        """Segments of which no exit may be told."""
        return self.unknown | {key for key, row in self.rows.items() if row["held"]}

    @property
    def known(self) -> frozenset[int]:
        """Segments that were read and believed in every stream."""
        return frozenset(self.rows.keys() & self.after.segments.keys()) - self.held


# --- of any sync, however it ended --------------------------------------------------------------


def wrong_exits(scene: Scene, exits: Iterable[Membership]) -> Iterator[str]:
    """Find exits of people who never left, and of segments that are held."""
    stayed = scene.before.memberships & scene.after.memberships
    for segment, cio_id in exits:
        if (segment, cio_id) in stayed:
            yield f"{MEMBERSHIPS} {segment}/{cio_id}: reported as gone, and was there all the time"
        if segment in scene.unknown:
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


def differences(scene: Scene, warehouse: Warehouse, *, fresh: bool, chained: bool) -> Iterator[str]:
    """Compare the tables with the truth, segment by segment as far as it is known.

    Args:
        scene: The sync.
        warehouse: The tables.
        fresh: Attributes were read of everybody, so they are compared as well.
        chained: Every record so far has given the identifiers it changes, so that the tables keyed
            on e-mail must be right.
    """
    memberships = warehouse.tables[MEMBERSHIPS]
    for key in sorted(scene.known):
        yield from _segment(key, memberships, scene)
    if scene.expels:
        gone = {place[0] for place in memberships.present()} - scene.after.segments.keys()
        yield from (f"{MEMBERSHIPS} of {key}: still told, and the segment is gone" for key in gone)
    yield from _profiles(scene, warehouse.tables[PROFILES], fresh=fresh)
    if chained:
        yield from _emails(scene, memberships)
        yield from _profile_emails(scene, warehouse.tables[PROFILES])


def _segment(key: int, table: Table, scene: Scene) -> Iterator[str]:
    truth = scene.after
    told = {place[1]: row for place, row in table.present().items() if place[0] == key}
    yield from _sets(f"{MEMBERSHIPS} of {key}", told.keys(), truth.segments[key])
    for cio_id in told.keys() & truth.segments[key]:
        person = scene.names.on_pages(truth.people[cio_id])
        yield from _identifiers(f"{MEMBERSHIPS} {key}/{cio_id}", told[cio_id], person)


def _profiles(scene: Scene, table: Table, *, fresh: bool) -> Iterator[str]:
    told = {place[0]: row for place, row in table.present().items()}
    for cio_id, row in told.items():
        in_others = set(row["segment_ids"]) - scene.known
        if not (in_others or scene.after.segments_of(cio_id)):
            yield f"{PROFILES} {cio_id}: still told, and in no segment"
    for cio_id in scene.after.people:
        inside = scene.after.segments_of(cio_id) & scene.known
        if cio_id in told:
            yield from _profile(scene, told[cio_id], inside, fresh=fresh)
        elif inside:
            yield f"{PROFILES} {cio_id}: never told, and in {sorted(inside)}"


def _profile(scene: Scene, row: Row, inside: Collection[int], *, fresh: bool) -> Iterator[str]:
    name, person = f"{PROFILES} {row['cio_id']}", scene.after.people[row["cio_id"]]
    ids = set(row["segment_ids"])
    if ids & scene.known != inside:
        yield f"{name}: told in {sorted(ids & scene.known)}, is in {sorted(inside)}"
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
    kept = {each: value for each, value in told.items() if each not in APART}
    expected = {each: truth.get(each) for each in kept.keys() | _everything(row, truth)}
    if kept != expected:
        wrong = sorted(each for each in expected if kept.get(each) != expected[each])
        yield f"{name}: the attributes {wrong} are not as Customer.io holds them"
    for each, value in columns.items():
        if each not in APART and value != truth.get(each):
            yield f"{name}: the column {each} is not as Customer.io holds it"


def _everything(row: Row, truth: Mapping[str, Any]) -> set[str]:
    """Return the attributes that must be there, unless some are selected: each has a column."""
    selected = any(each in row for each in row["attributes"] if each not in APART)
    return set() if selected else set(truth)


def _emails(scene: Scene, table: Table) -> Iterator[str]:
    told, everybody = table.by_email, scene.after.people
    for key in sorted(scene.known):
        members = scene.after.segments[key]
        people = {each: scene.names.on_pages(everybody[each])["email"] for each in members}
        expected = {email: cio_id for cio_id, email in people.items() if email is not None}
        emails = {place[1]: cio_id for place, cio_id in told.items() if place[0] == key}
        if emails != expected:
            odd = sorted(each[1] for each in emails.items() ^ expected.items())
            yield f"{MEMBERSHIPS} of {key} keyed on e-mail: wrong about {odd[0]}"


def _profile_emails(scene: Scene, table: Table) -> Iterator[str]:
    """Compare the profiles keyed on e-mail, as far as people are in a segment that is known."""
    for cio_id, person in scene.after.people.items():
        told = table.by_email.get((person["email"],))
        if person["email"] and told != cio_id and scene.after.segments_of(cio_id) & scene.known:
            yield f"{PROFILES} keyed on e-mail: wrong about {person['email']}"
    for (email,), cio_id in table.by_email.items():
        if table.rows[(cio_id,)]["email"] != email or not is_present(table.rows[(cio_id,)]):
            yield f"{PROFILES} keyed on e-mail: {email} is left over"


def _identifiers(name: str, row: Row, person: Mapping[str, Any]) -> Iterator[str]:
    for column in IDENTIFIERS:
        if row[column] != person[column]:
            yield f"{name}: {column} is not the one the person has"


def _sets(name: str, told: Collection[str], true: Collection[str]) -> Iterator[str]:
    extra, missing = sorted(set(told) - set(true)), sorted(set(true) - set(told))
    if extra:
        yield f"{name}: {len(extra)} told and not there, such as {extra[0]}"
    if missing:
        yield f"{name}: {len(missing)} there and not told, such as {missing[0]}"


# --- of the end ---------------------------------------------------------------------------------


def unquiet(scene: Scene, told: Told, *, first: bool) -> Iterator[str]:
    """Find what two syncs of a workspace that is mended should not say; *first*: of the first."""
    if not told.is_whole:
        yield f"the quiet sync ended with {told.output.exit_code}"
    held = sorted(scene.after.segments.keys() - scene.known)
    if held:
        yield f"segments {held} are held in a quiet sync"
    for stream in () if first else (MEMBERSHIPS, PROFILES):
        if told.records[stream]:
            yield f"{stream}: {told.records[stream]} records in a sync that follows a quiet one"
        if sum(name == stream for name, _ in told.output.states()) > 1:
            yield f"{stream}: more than one state in a sync without news"
