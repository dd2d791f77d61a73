"""What the operator does behind the connector's back, to the sandbox and to the model alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from integration_tests.soak_destination.model import MEMBER, PEOPLE, ROW, Org, person, row
from integration_tests.soak_destination.values import Json
from sandbox.control import SalesforceControl


def edit(control: SalesforceControl, org: Org, rng: Random) -> None:
    """Change something behind the connector's back, if there is anything to change."""
    deed: Callable[[SalesforceControl, Org, Random], None] = rng.choice(
        (_edit_value, _add_value, _delete_person, _delete_child, _convert, _convert, _merge, _merge)
    )
    deed(control, org, rng)


def _edit_value(control: SalesforceControl, org: Org, rng: Random) -> None:
    values = {"Plan__c": "by hand", "Is_VIP__c": rng.random() < 0.5, "Notes__c": "seen"}
    _update(control, org, rng, lambda _record: values)


def _add_value(control: SalesforceControl, org: Org, rng: Random) -> None:
    _update(control, org, rng, _with_theirs)


def _update(
    control: SalesforceControl, org: Org, rng: Random, change: Callable[[Json], Json]
) -> None:
    picked = _pick(control, org, rng, PEOPLE)
    if picked:
        name, number, id_ = picked
        values = change(org.records[name][number])
        control.do({"update": {"object": name, "records": [{"Id": id_, **values}]}})
        org.update(name, number, values)


def _delete_person(control: SalesforceControl, org: Org, rng: Random) -> None:
    _delete(control, org, _pick(control, org, rng, PEOPLE))


def _delete_child(control: SalesforceControl, org: Org, rng: Random) -> None:
    _delete(control, org, _pick(control, org, rng, (ROW,)))


def _delete(control: SalesforceControl, org: Org, picked: tuple[str, int, str] | None) -> None:
    if picked:
        name, number, id_ = picked
        control.do({"delete": {"object": name, "ids": [id_]}})
        org.delete(name, number)


def _convert(control: SalesforceControl, org: Org, rng: Random) -> None:
    picked = _pick(control, org, rng, ("Lead",))
    if picked is None:
        return
    _, number, id_ = picked
    control.do({"convert_lead": {"id": id_}})
    lead = org.records["Lead"][number]
    contact = org.create("Contact", {"LastName": lead["LastName"], "Email": lead.get("Email")})
    lead |= {"IsConverted": True, "became": ("Contact", contact)}
    for member in org.records[MEMBER].values():
        if member["person"] == ("Lead", number):
            member["person"] = ("Contact", contact)


def _merge(control: SalesforceControl, org: Org, rng: Random) -> None:
    name = rng.choice(PEOPLE)
    first, second = (_pick(control, org, rng, (name,)) for _ in range(2))
    if first is None or second is None or first == second:
        return
    if any(winner == second[1] for _, winner in org.merged[name]):
        return  # what became of a loser whose winner was merged again, Salesforce does not say
    control.do({"merge": {"object": name, "winner": first[2], "losers": [second[2]]}})
    org.merge(name, first[1], second[1])


def _pick(
    control: SalesforceControl, org: Org, rng: Random, names: Sequence[str]
) -> tuple[str, int, str] | None:
    """Pick a record that can be told from all others, and is not a converted lead."""
    name = rng.choice(names)
    look: Callable[[Json], tuple[Any, ...]] = row if name == ROW else person
    ids: dict[tuple[Any, ...], list[str]] = {}
    for record in control.records(name):
        ids.setdefault(look(record), []).append(record["Id"])
    open_ = [
        (number, ids[look(record)][0])
        for number, record in sorted(org.records[name].items())
        if not record.get("IsConverted") and len(ids.get(look(record), ())) == 1
    ]
    return (name, *rng.choice(open_)) if open_ else None


class Meddler:
    """Somebody who adds to a picklist between the connector's look-up and its write."""

    def __init__(self, control: SalesforceControl) -> None:
        self._control = control
        self._about: tuple[str, int, str] | None = None

    def lurk(self, org: Org, rng: Random) -> None:
        """Wait for the next write to a picklist; what was waited for before is given up."""
        if self._about is not None:
            self._control.clear_faults()
        self._about = _pick(self._control, org, rng, PEOPLE)
        if self._about:
            name, number, id_ = self._about
            edited = {"Id": id_, **_with_theirs(org.records[name][number])}
            body = [{"update": {"object": name, "records": [edited]}}]
            change = {"path": "/__sandbox__/org", "body": body}
            self._control.fault({"control": change}, path="/composite", body='"Segments__c" ?:')

    def tell(self, org: Org) -> None:
        """Let the model know, if it has happened."""
        if self._about and self._about[2] not in json.dumps(self._control.faults()):
            name, number, _ = self._about
            if number in org.records[name]:
                org.update(name, number, _with_theirs(org.records[name][number]))
            self._about = None


def _with_theirs(record: Json) -> Json:
    kept = [v for v in (record.get("Segments__c") or "").split(";") if v and v != "Theirs"]
    return {"Segments__c": ";".join([*kept, "Theirs"])}
