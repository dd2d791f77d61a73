"""A dry run before the real ones: it writes nothing, and its plan is what a real run would do.

The plan's lines, carried out on a copy of what the org holds, must give what the oracle says. So
nobody is told twice in it: a dry run plans each change against what Salesforce held before.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from typing import Any

from integration_tests.soak_destination.model import MEMBER, PEOPLE, ROW, Org, differences, read
from integration_tests.soak_destination.oracle import Oracle
from integration_tests.soak_destination.people import FORBIDDEN
from integration_tests.soak_destination.plan import Plan
from integration_tests.soak_destination.rejected import Rejected
from integration_tests.soak_destination.runs import How, Part
from integration_tests.soak_destination.session import Session, ViolationError
from integration_tests.soak_destination.site import Site
from integration_tests.soak_destination.story import Told
from integration_tests.soak_destination.values import Json

OBJECTS = (*PEOPLE, MEMBER, ROW)
Records = dict[str, dict[str, Json]]  # by object and Id


def rehearse(site: Site, plan: Plan, org: Org, told: Sequence[Told]) -> int:
    """Play a dry run of what *told* begins with; return how many checks were made.

    Raises:
        ViolationError: It wrote, acknowledged, or planned something else than would be done.
    """
    before = {name: {r["Id"]: r for r in site.control.records(name)} for name in OBJECTS}
    oracle = Oracle(deepcopy(org), plan.mappings)
    session = Session(oracle, site.held, Rejected(site.kept, plan.mappings), -1)
    site.control.reset_writes()
    streams = sorted({mapping["stream"] for mapping in plan.mappings})
    part = Part(0, list(_once(told)), streams)
    config = site.config(plan.mappings, write_api=plan.write_api, dry_run=True)
    end, _ = site.run(session, iter([part]), config, How(in_process=True))
    if end.how != "done" or session.acknowledged:
        raise ViolationError(f"the dry run acknowledged {session.acknowledged}; {end}")
    if site.control.writes()["calls"]:
        raise ViolationError(f"the dry run wrote: {site.control.writes()}")
    lines = list(_lines(site))
    _check_outcomes(lines, oracle, plan)
    if _is_plain(oracle, org):
        _check_plan(_carried_out(before, lines), oracle)
    return 2


def _once(told: Iterable[Told]) -> Iterator[Told]:
    """Leave out what comes of a person after the first record, and what only the org refuses."""
    known: set[str] = set()
    for stream, data in told:
        if data["cio_id"] not in known and not _is_unforeseen(stream, data):
            yield stream, data
        known.add(data["cio_id"])


def _is_unforeseen(stream: str, data: Json) -> bool:
    name = data.get("last_name", FORBIDDEN)
    return stream == "profiles" and not data["_ab_cdc_deleted_at"] and name == FORBIDDEN


def _is_plain(oracle: Oracle, org: Org) -> bool:
    """Whether no record is touched twice, as one is that two people share."""
    touched = Counter(oracle.org.touched[len(org.touched) :])
    return all(times == 1 for times in touched.values())


def _lines(site: Site) -> Iterator[Json]:
    for path in sorted(site.kept.glob("*")):
        if not path.name.startswith("plan-"):
            raise ViolationError(f"the dry run left {path.name}")
        yield from map(json.loads, path.read_text("utf-8").splitlines())


def _check_outcomes(lines: Iterable[Json], oracle: Oracle, plan: Plan) -> None:
    planned = Counter(line["mapping"] for line in lines if line["action"] == "reject")
    refused = Counter(place for place, _ in oracle.refused)
    if planned != refused:
        raise ViolationError(f"the plan refuses {planned}, and {refused} must be: {plan}")


def _carried_out(held: Records, lines: Iterable[Json]) -> Records:
    """Do to *held* what the plan says, as Salesforce would."""
    for line in lines:
        for row in line.get("rows", ()):
            _carry_out(held[line["object"]], row)
    people = {id_ for name in PEOPLE for id_ in held[name]}
    for record in list(held[MEMBER].values()):
        if not people & {record.get("ContactId"), record.get("LeadId")}:
            del held[MEMBER][record["Id"]]
    return held


def _carry_out(records: dict[str, Json], row: Json) -> None:
    if "fields" not in row:
        del records[row["id"]]
        return
    fields = {name: change["to"] for name, change in row["fields"].items()}
    id_ = row.get("id") or f"new {len(records)}"
    blank: dict[str, Any] = {"Id": id_, "Status": "Sent"}
    links = dict.fromkeys(("ContactId", "LeadId", "Contact__c", "Lead__c"))
    for name, change in row["fields"].items() if "id" in row else ():
        _check_from(name, change["from"], records[id_].get(name))
    records[id_] = {**(records.get(id_) or {**blank, **links}), **fields}


def _check_from(name: str, told: Any, held: Any) -> None:
    if (told or None) != (held or None):
        raise ViolationError(f"the plan says that {name} is {told!r}, and it is {held!r}")


def _check_plan(records: Records, oracle: Oracle) -> None:
    planned = read({name: records[name].values() for name in OBJECTS})
    found = list(islice(differences(oracle.org.contents(), planned), 6))
    if found:
        raise ViolationError("\n  ".join(["the plan, carried out:", *found]))
