"""The real org of a round: what is in it from the start, what the operator does, what it holds.

Whatever is done to the sandbox is done to the model as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from integration_tests.soak_destination.model import MEMBER, PEOPLE, ROW, Contents, Org, read
from integration_tests.soak_destination.people import FORBIDDEN
from integration_tests.soak_destination.plan import Plan
from integration_tests.soak_destination.story import Person
from integration_tests.soak_destination.values import SEGMENTS, Json
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
    wanted = [new for each in people if rng.random() < 0.4 for new in _known(plan, each, rng)]
    wanted += [(name, {"LastName": "Stranger", "Segments__c": "S7;Mine"}) for name in PEOPLE]
    put(control, org, wanted)
    return org


def _known(plan: Plan, each: Person, rng: Random) -> list[tuple[str, Json]]:
    """Return the records of somebody who is there already."""
    name = rng.choice((*PEOPLE, *(m["object"] for m in plan.mappings if m["kind"] == "record")))
    values = {
        "LastName": "Before",
        "Plan__c": "basic",
        "Segments__c": rng.choice((None, "S8;Mine")),
    }
    double = [(name, {"LastName": "Double", "Email": each.email})] if rng.random() < 0.15 else []
    return [(name, {**values, **_keys(each, rng)}), *double]


def _keys(each: Person, rng: Random) -> Json:
    if rng.random() < 0.4:
        return {"Email": each.email.swapcase()}
    return {"CustomerIO_Id__c": each.cio_id, "Customer_No__c": each.id, "Email": each.email}


def put(control: SalesforceControl, org: Org, wanted: Sequence[tuple[str, Json]]) -> None:
    """Create records, one older than the next, in the sandbox and in the model."""
    for name in PEOPLE:
        # Leads have a company; the model knows it of all, since a mapping may write it.
        fields = [{**each, "Company": "Unknown"} for owner, each in wanted if owner == name]
        numbers = [org.create(name, each) for each in fields]
        records = [{k: v for k, v in f.items() if k != "Company" or name == "Lead"} for f in fields]
        if records:
            [ids] = control.do({"create": {"object": name, "records": records}})
            control.do(*(_dated(name, id_, n) for id_, n in zip(ids, numbers, strict=True)))


def _dated(name: str, id_: str, number: int) -> Json:
    created = f"2020-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000+0000"
    return {"write_columns": {"object": name, "ids": [id_], "values": {"CreatedDate": created}}}


def held(control: SalesforceControl) -> Contents:
    """Read what the org holds."""
    return read({name: control.records(name) for name in (*PEOPLE, MEMBER, ROW)})
