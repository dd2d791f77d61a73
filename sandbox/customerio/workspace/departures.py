"""How people go: deleted, suppressed, or merged into somebody else."""

from __future__ import annotations

import orjson

from sandbox.customerio.workspace import people
from sandbox.customerio.workspace.activities import EVENT, log
from sandbox.customerio.workspace.people import activity
from sandbox.customerio.workspace.profiles import Person
from sandbox.customerio.workspace.store import Workspace

MERGED_EVENTS_S = 30 * 86_400  # events older than this stay behind in a merge


def delete(workspace: Workspace, person: Person) -> None:
    """Delete a person. Their activities stay, seen by those who ask for deleted people."""
    _forget(workspace, person)
    log(workspace, [activity(workspace, "profile_delete", person, {})])


def _forget(workspace: Workspace, person: Person) -> None:
    workspace.db.execute("DELETE FROM memberships WHERE position = ?", (person.position,))
    workspace.db.execute("DELETE FROM people WHERE position = ?", (person.position,))


def suppress(workspace: Workspace, person: Person) -> None:
    """Delete a person with all their activities, and never let the identifiers in again."""
    _forget(workspace, person)
    workspace.db.execute("DELETE FROM activities WHERE cio_id = ?", (person.cio_id,))
    blocked = [(key,) for key in people.keys(people.Identity(person.email, person.id))]
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
        raise people.PersonError("nobody can be merged into themselves")
    _hand_over(workspace, primary, secondary)
    _forget(workspace, secondary)
    lost = activity(workspace, "profile_merge", secondary, {"into": primary.identifiers})
    kept = activity(workspace, "profile_merge", primary, {"from": secondary.identifiers})
    log(workspace, [lost, kept])
    gained = {**secondary.attributes, **primary.attributes}
    return people.update(workspace, primary, people.Identity(primary.email, primary.id), gained)


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
