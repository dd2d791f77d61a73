"""The real org of a round: what is in it from the start, what the operator does, what it holds.

Whatever is done to the sandbox is done to the model as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from integration_tests.soak_destination.model import (
    MEMBER,
    PEOPLE,
    ROW,
    Contents,
    Org,
    person,
    read,
    row,
)
from integration_tests.soak_destination.oracle import FORBIDDEN
from integration_tests.soak_destination.plan import SEGMENTS, Plan
from integration_tests.soak_destination.story import Person
from integration_tests.soak_destination.values import Json
from sandbox.control import SalesforceControl


def campaigns(control: SalesforceControl) -> dict[int, str]:
    """Make a campaign for two segments; return their Ids."""
    records = [{"Name": SEGMENTS[n]} for n in (7, 9)]
    [ids] = control.do({"create": {"object": "Campaign", "records": records}})
    return dict(zip((7, 9), ids, strict=True))


def furnish(control: SalesforceControl, people: Sequence[Person], plan: Plan, rng: Random) -> Org:
    """Put some of the people, and strangers, into the org; return the model of it."""
    org = Org()
    control.do(
        *(
            {"trigger": {"object": name, "field": "LastName", "pattern": f"^{FORBIDDEN}"}}
            for name in PEOPLE
        )
    )
    for each in people:
        if rng.random() < 0.4:
            _put(control, org, plan, each, rng)
    for name in PEOPLE:
        _create(control, org, name, _filled({"LastName": "Stranger", "Segments__c": "S7;Mine"}))
    return org


def _put(control: SalesforceControl, org: Org, plan: Plan, each: Person, rng: Random) -> None:
    name = rng.choice((*PEOPLE, *(m["object"] for m in plan.mappings if m["kind"] == "record")))
    keys = {"CustomerIO_Id__c": each.cio_id, "Customer_No__c": each.id, "Email": each.email}
    if rng.random() < 0.4:
        keys = {"Email": each.email.swapcase()}
    values = {
        "LastName": "Before",
        "Plan__c": "basic",
        "Segments__c": rng.choice((None, "S8;Mine")),
    }
    _create(control, org, name, _filled({**values, **keys}))
    if plan.has_doubles and rng.random() < 0.15:
        _create(control, org, name, _filled({"LastName": "Double", "Email": each.email}))


def _filled(fields: Json) -> Json:
    return {**fields, "Company": "Unknown"}


def _create(control: SalesforceControl, org: Org, name: str, fields: Json) -> None:
    number = org.create(name, fields)
    fields = {k: v for k, v in fields.items() if k != "Company" or name == "Lead"}
    [[id_]] = control.do({"create": {"object": name, "records": [fields]}})
    created = f"2020-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000+0000"
    control.do(
        {"write_columns": {"object": name, "ids": [id_], "values": {"CreatedDate": created}}}
    )


def held(control: SalesforceControl) -> Contents:
    """Read what the org holds."""
    return read({name: control.records(name) for name in (*PEOPLE, MEMBER, ROW)})


# --- the operator --------------------------------------------------------------------------


def edit(control: SalesforceControl, org: Org, rng: Random) -> None:
    """Change something behind the connector's back, if there is anything to change."""
    deed: Callable[[SalesforceControl, Org, Random], None] = rng.choice(
        (_edit_value, _add_value, _delete_person, _delete_child, _convert)
    )
    deed(control, org, rng)


def _edit_value(control: SalesforceControl, org: Org, rng: Random) -> None:
    values = {"Plan__c": "by hand", "Is_VIP__c": rng.random() < 0.5, "Notes__c": "seen"}
    _update(control, org, rng, lambda _record: values)


def _add_value(control: SalesforceControl, org: Org, rng: Random) -> None:
    def more(record: Json) -> Json:
        kept = [v for v in (record.get("Segments__c") or "").split(";") if v and v != "Theirs"]
        return {"Segments__c": ";".join([*kept, "Theirs"])}

    _update(control, org, rng, more)


def _update(
    control: SalesforceControl, org: Org, rng: Random, change: Callable[[Json], Json]
) -> None:
    picked = _pick(control, org, rng, PEOPLE)
    if picked:
        name, number, id_ = picked
        values = change(org.records[name][number])
        control.do({"update": {"object": name, "records": [{"Id": id_, **values}]}})
        org.records[name][number].update(values)


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
