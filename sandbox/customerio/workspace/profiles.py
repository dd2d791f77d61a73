"""A person as a value: how one is found, and how the App API shows one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.customerio.workspace.store import Workspace

# The column that each kind of reference is compared with. A phone number is no identifier here.
COLUMNS: Mapping[str, str] = {"id": "id", "email": "email_key", "cio_id": "cio_id"}


@dataclass(frozen=True, slots=True)
class Person:
    """One person. *attributes* holds neither identifiers nor empty values."""

    position: int
    cio_id: str
    id: str | None
    email: str | None
    attributes: Mapping[str, str]
    timestamps: Mapping[str, int]

    @property
    def identifiers(self) -> dict[str, str | None]:
        """Show the identifiers as the App API does, null where there is none."""
        return {"email": self.email, "id": self.id, "cio_id": self.cio_id}

    @property
    def all_attributes(self) -> dict[str, str]:
        """Show the attributes with the identifiers among them, as the App API does."""
        held = {name: value for name, value in self.identifiers.items() if value is not None}
        return {**held, **self.attributes}


def from_row(row: Mapping[str, Any]) -> Person:
    """Read a row of the people table."""
    return Person(
        row["position"],
        row["cio_id"],
        row["id"],
        row["email"],
        orjson.loads(row["attributes"]),
        orjson.loads(row["timestamps"]),
    )


def to_row(person: Person) -> tuple[object, ...]:
    """Write a person as the values of :data:`INSERT` and :data:`UPDATE`."""
    return (
        person.cio_id,
        person.id,
        person.email,
        person.email and person.email.lower(),
        orjson.dumps(person.attributes).decode(),
        orjson.dumps(person.timestamps).decode(),
        person.position,
    )


INSERT = """
INSERT INTO people (cio_id, id, email, email_key, attributes, timestamps, position)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
UPDATE = """
UPDATE people SET cio_id = ?, id = ?, email = ?, email_key = ?, attributes = ?, timestamps = ?
WHERE position = ?
"""


def find(workspace: Workspace, references: Sequence[str], id_type: str) -> list[Person]:
    """Find people in the order asked for, each once; those nobody knows are left out.

    An ``id`` is compared to the letter, an ``email`` without regard to case, a ``cio_id`` raw:
    one with the prefix ``cio_`` is nobody's (seen live, App API batch attributes).
    """
    column = COLUMNS[id_type]
    keys = [key_of(reference, id_type) for reference in references]
    rows = workspace.db.execute(
        f"SELECT * FROM people WHERE {column} IN ({', '.join('?' * len(keys))})",  # noqa: S608 - column from our own table
        keys,
    )
    found = {row[column]: from_row(row) for row in rows}
    return [found[key] for key in dict.fromkeys(keys) if key in found]


def find_one(workspace: Workspace, reference: str, id_type: str) -> Person | None:
    """Find one person, or nobody."""
    return next(iter(find(workspace, [reference], id_type)), None)


def key_of(reference: str, id_type: str) -> str:
    """Write a reference as its column holds it."""
    return reference.lower() if id_type == "email" else reference


def everyone(workspace: Workspace) -> Iterator[Person]:
    """Read every person, in order of position."""
    return map(from_row, workspace.db.execute("SELECT * FROM people ORDER BY position"))


def describe(person: Person, reference: str) -> dict[str, Any]:
    """Show a person as the attributes endpoints do; ``id`` is the reference that was asked for.

    ``{"id": "u-1", "identifiers": {...}, "attributes": {"plan": "pro"}, "timestamps": {...},
    "unsubscribed": false, "devices": null}``
    """
    return {
        "id": reference,
        "identifiers": person.identifiers,
        "attributes": person.all_attributes,
        "timestamps": person.timestamps,
        "unsubscribed": person.attributes.get("unsubscribed") == "true",
        "devices": None,
    }


def or_null(items: Iterable[Any]) -> list[Any] | None:
    """Show a list as the App API does: an empty one is null."""
    return list(items) or None
