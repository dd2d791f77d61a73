"""People come and change and do things; how they go is told in ``departures``.

Everything that happens is in the activity log, and dynamic segments follow at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sandbox.customerio.conditions import text
from sandbox.customerio.ids import cio_id
from sandbox.customerio.workspace import memberships
from sandbox.customerio.workspace.activities import EVENT, Activity, log
from sandbox.customerio.workspace.profiles import INSERT, UPDATE, Person, find_one, key_of, to_row
from sandbox.customerio.workspace.store import Workspace


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
    _write(workspace, INSERT, person)
    log(workspace, [activity(workspace, "profile_create", person, {})])
    return update(workspace, person, identity, attributes)


def _check(workspace: Workspace, identity: Identity, attributes: Mapping[str, object]) -> None:
    if not attributes.keys().isdisjoint(Identity._fields):
        raise PersonError("identifiers stand beside the attributes, not among them")
    lookup = "SELECT 1 FROM suppressed WHERE identifier = ?"
    if any(workspace.db.execute(lookup, (key,)).fetchone() for key in keys(identity)):
        raise PersonError("the identifier is suppressed")


def keys(identity: Identity) -> list[str]:
    """Write the e-mail and the id as they are compared with others of their kind."""
    given = {"email": identity.email, "id": identity.id}
    return [key_of(name, id_type) for id_type, name in given.items() if name]


def _next_position(workspace: Workspace) -> int:
    row = workspace.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'people'").fetchone()
    return int(row["seq"]) + 1 if row else 1


def _write(workspace: Workspace, statement: str, person: Person) -> None:
    try:
        workspace.db.execute(statement, to_row(person))
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
        log(workspace, [activity(workspace, "attribute_change", after, changes)])


def activity(workspace: Workspace, kind: str, person: Person, data: Mapping[str, Any]) -> Activity:
    """Note that something happens to a person now."""
    return Activity(kind, person.identifiers, int(workspace.now()), data)


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
