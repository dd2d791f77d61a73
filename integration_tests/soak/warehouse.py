"""The tables that emitted records make: by primary key, the newest ``changed_at`` wins.

Each stream has a second table, keyed on e-mail and kept by ``email`` and ``previous_email`` alone,
as a destination that knows no cio_id would keep it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[Any, ...]
Row = Mapping[str, Any]
MEMBERSHIPS, PROFILES, SYNCS, SEGMENTS = (
    "segment_memberships",
    "profiles",
    "segment_syncs",
    "segments",
)
KEYS = {MEMBERSHIPS: ("segment_id", "cio_id"), PROFILES: ("cio_id",)}
# What a record says besides the event itself; a rename of a segment is no reason to say it again.
MEANING = ("email", "id", "segment_ids", "attributes", "unsubscribed")


@dataclass
class Table:
    """One stream. *by_email* holds cio_ids by the rest of the key and the e-mail."""

    rows: dict[Key, Row] = field(default_factory=dict)
    by_email: dict[Key, str] = field(default_factory=dict)

    def present(self) -> dict[Key, Row]:
        """Return the rows that are not deleted."""
        return {key: row for key, row in self.rows.items() if is_present(row)}


@dataclass
class Warehouse:
    """The tables of both keyed streams."""

    tables: dict[str, Table] = field(default_factory=lambda: {name: Table() for name in KEYS})

    def reset(self, stream: str) -> None:
        """Empty a table, as Airbyte does when a stream begins a new generation."""
        self.tables[stream] = Table()

    def take(self, stream: str, row: Row, *, settled: bool, chained: bool) -> Iterator[str]:
        """Keep a record, and yield what is wrong with it in view of the row it takes the place of.

        Args:
            stream: Whose record.
            row: Its data.
            settled: Nothing may be said twice, for the last sync left nothing open.
            chained: It must give, as the ones before, the identifiers of that row that it changes.
        """
        table, key = self.tables[stream], tuple(row[name] for name in KEYS[stream])
        old = table.rows.get(key)
        if old is not None:
            name = f"{stream} {where(row)}"
            yield from (f"{name}: {each}" for each in _odd(old, row, settled=settled))
            if chained and is_present(old):
                yield from (f"{name}: {each}" for each in _broken_chain(old, row))
        if old is None or changed_at(old) <= changed_at(row):
            table.rows[key] = row
        _move(table, key, row)


def _odd(old: Row, row: Row, *, settled: bool) -> Iterator[str]:
    if changed_at(row) < changed_at(old):
        yield f"changed_at went back from {changed_at(old)} to {changed_at(row)}"
    if settled and meaning(row) == meaning(old):
        yield "told again though nothing changed and nothing was open"
    if is_present(old) and old.get("entered_at") != row.get("entered_at"):
        yield "entered_at of somebody who is a member changed"


def _broken_chain(old: Row, row: Row) -> Iterator[str]:
    for name in ("email", "id"):
        if old[name] not in {None, row[name], row[f"previous_{name}"]}:
            yield f"{name} changed, and previous_{name} is not the one told before"


def _move(table: Table, key: Key, row: Row) -> None:
    """Move a row of the table keyed on e-mail; somebody else's is left alone."""
    for email in {row["previous_email"], row["email"]} - {None}:
        if table.by_email.get((*key[:-1], email)) == row["cio_id"]:
            del table.by_email[(*key[:-1], email)]
    if is_present(row) and row["email"] is not None:
        table.by_email[(*key[:-1], row["email"])] = row["cio_id"]


def is_present(row: Row) -> bool:
    """Tell whether a row stands for somebody who is there."""
    return row["_ab_cdc_deleted_at"] is None


def is_nameless(row: Row) -> bool:
    """Tell whether a record has neither e-mail nor id."""
    return row["email"] is None and row["id"] is None


def changed_at(row: Row) -> str:
    """Return the cursor value, ISO 8601 in one format, so that texts compare as times."""
    return str(row["_ab_cdc_updated_at"])


def meaning(row: Row) -> dict[str, Any]:
    """Return what a record says, without when and how it came to be."""
    said = {name: row.get(name) for name in MEANING}
    if isinstance(said["attributes"], dict):
        said["attributes"] = own_attributes(said["attributes"])
    return {**said, "present": is_present(row)}


def own_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes without Customer.io's bookkeeping, which is no reason to tell anything."""
    return {name: value for name, value in attributes.items() if not name.startswith("_")}


def where(row: Row) -> str:
    """Name a row by its key."""
    return "/".join(str(row[name]) for name in ("segment_id", "cio_id") if name in row)
