"""What can happen to people: they are made, changed, deleted, suppressed, merged; they do things.

Everything that happens is in the activity log, and dynamic segments follow at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from sandbox.customerio import memberships
from sandbox.customerio.activities import EVENT, Activity, log
from sandbox.customerio.conditions import text
from sandbox.customerio.ids import cio_id
from sandbox.customerio.profiles import Person, find_one
from sandbox.customerio.store import Workspace

MERGED_EVENTS_S = 30 * 86_400  # events older than this stay behind in a merge


class PersonError(ValueError):
    """What was asked cannot be done to a person."""


class Identity(NamedTuple):
    """The identifiers a person has. *cio_id* is for one that is to look in a certain way."""

    email: str | None = None
    id: str | None = None
    cio_id: str | None = None


def create(workspace: Workspace, identity: Identity, attributes: Mapping[str, object]) -> Person:
    """Make a person.

    Raises:
        PersonError: There is no identifier, or as for :func:`update`.
    """
    if not (identity.email or identity.id):
        raise PersonError("a person needs an email or an id")
    position = _next_position(workspace)
    own = identity.cio_id or cio_id(position)
    person = Person(position, own, identity.id, identity.email, {}, {})
    _write(workspace, "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", person)
    log(workspace, [_activity(workspace, "profile_create", person, {})])
    return update(workspace, person, identity, attributes)


def _check(workspace: Workspace, identity: Identity, attributes: Mapping[str, object]) -> None:
    if not attributes.keys().isdisjoint(Identity._fields):
        raise PersonError("identifiers stand beside the attributes, not among them")
    given = [(name.lower(),) for name in (identity.email, identity.id) if name]
    lookup = "SELECT 1 FROM suppressed WHERE identifier = ?"
    if any(workspace.db.execute(lookup, name).fetchone() for name in given):
        raise PersonError("the identifier is suppressed")


def _next_position(workspace: Workspace) -> int:
    row = workspace.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'people'").fetchone()
    return int(row["seq"]) + 1 if row else 1


def _write(workspace: Workspace, statement: str, person: Person) -> None:
    values = (
        person.position,
        person.cio_id,
        person.id,
        person.email,
        person.email and person.email.lower(),
        orjson.dumps(person.attributes).decode(),
        orjson.dumps(person.timestamps).decode(),
    )
    try:
        workspace.db.execute(statement, values)
    except sqlite3.IntegrityError as error:
        raise PersonError("the identifier is somebody else's") from error


def update(
    workspace: Workspace, person: Person, identity: Identity, attributes: Mapping[str, object]
) -> Person:
    """Give a person other identifiers and attributes; ``None`` and ``""`` take one away.

    Attributes that are not named stay. Only what really changed is in the log, as one
    ``attribute_change``: ``{"plan": {"from": "trial", "to": "pro"}}``.

    Raises:
        PersonError: An identifier is taken or suppressed, or stands among the attributes.
    """
    _check(workspace, identity, attributes)
    given = {name: text(value) for name, value in attributes.items()}
    merged = {**person.attributes, **given}
    held = {name: value for name, value in merged.items() if value}
    now = int(workspace.now())
    times = {n: person.timestamps[n] if _same(person, n, held[n]) else now for n in held}
    changed = replace(
        person, id=identity.id, email=identity.email, attributes=held, timestamps=times
    )
    _write(workspace, UPDATE, changed)
    _log_changes(workspace, person, changed)
    memberships.reevaluate(workspace, changed)
    return changed


UPDATE = """
UPDATE people SET position = ?1, cio_id = ?2, id = ?3, email = ?4, email_key = ?5,
attributes = ?6, timestamps = ?7 WHERE position = ?1
"""


def _same(person: Person, name: str, value: str) -> bool:
    return person.attributes.get(name) == value and name in person.timestamps


def _log_changes(workspace: Workspace, before: Person, after: Person) -> None:
    old, new = before.all_attributes, after.all_attributes
    changes = {
        name: {"from": old.get(name, ""), "to": new.get(name, "")}
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    }
    if changes:
        log(workspace, [_activity(workspace, "attribute_change", after, changes)])


def _activity(workspace: Workspace, kind: str, person: Person, data: Mapping[str, Any]) -> Activity:
    return Activity(kind, person.identifiers, int(workspace.now()), data)


def delete(workspace: Workspace, person: Person) -> None:
    """Delete a person. Their activities stay, seen by those who ask for deleted people."""
    _forget(workspace, person)
    log(workspace, [_activity(workspace, "profile_delete", person, {})])


def _forget(workspace: Workspace, person: Person) -> None:
    workspace.db.execute("DELETE FROM memberships WHERE position = ?", (person.position,))
    workspace.db.execute("DELETE FROM people WHERE position = ?", (person.position,))


def suppress(workspace: Workspace, person: Person) -> None:
    """Delete a person with all their activities, and never let the identifiers in again."""
    _forget(workspace, person)
    workspace.db.execute("DELETE FROM activities WHERE cio_id = ?", (person.cio_id,))
    blocked = [(name.lower(),) for name in (person.id, person.email) if name]
    workspace.db.executemany("INSERT OR IGNORE INTO suppressed VALUES (?)", blocked)


def merge(workspace: Workspace, primary: Person, secondary: Person) -> Person:
    """Merge *secondary* into *primary* and return what became of the primary.

    The primary gains the attributes it has none of, the events of the last 30 days and the manual
    segments. How the vendor logs a merge is not documented: here each of the two has a
    ``profile_merge``, and the primary's names the other's identifiers.

    Raises:
        PersonError: The two are one.
    """
    if primary.position == secondary.position:
        raise PersonError("nobody can be merged into themselves")
    _hand_over(workspace, primary, secondary)
    _forget(workspace, secondary)
    lost = _activity(workspace, "profile_merge", secondary, {"into": primary.identifiers})
    kept = _activity(workspace, "profile_merge", primary, {"from": secondary.identifiers})
    log(workspace, [lost, kept])
    gained = {**secondary.attributes, **primary.attributes}
    return update(workspace, primary, Identity(primary.email, primary.id), gained)


def _hand_over(workspace: Workspace, primary: Person, secondary: Person) -> None:
    workspace.db.execute(
        "INSERT OR IGNORE INTO memberships SELECT segment_id, ? FROM memberships JOIN segments "
        "ON id = segment_id WHERE position = ? AND conditions IS NULL",
        (primary.position, secondary.position),
    )
    workspace.db.execute(
        "UPDATE activities SET cio_id = ?, identifiers = ? "
        "WHERE cio_id = ? AND type = ? AND timestamp >= ?",
        (
            primary.cio_id,
            orjson.dumps(primary.identifiers).decode(),
            secondary.cio_id,
            EVENT,
            int(workspace.now()) - MERGED_EVENTS_S,
        ),
    )


class Happening(NamedTuple):
    """Something a person did. *timestamp* None is now; an earlier one is a late arrival."""

    name: str
    data: Mapping[str, Any]
    timestamp: int | None = None


def track(workspace: Workspace, person: Person, event: Happening) -> None:
    """Log an event of a person."""
    at = int(workspace.now()) if event.timestamp is None else event.timestamp
    log(workspace, [Activity(EVENT, person.identifiers, at, event.data, event.name)])
    memberships.reevaluate(workspace, person)


def get(workspace: Workspace, reference: Identity) -> Person:
    """Find the person that *reference* names by one of its parts.

    Raises:
        PersonError: There is nobody.
    """
    for id_type, value in reference._asdict().items():
        person = find_one(workspace, value, id_type) if value else None
        if person:
            return person
    raise PersonError("there is no such person")
