"""What was refused is sent again once its cause is gone."""

from __future__ import annotations

from copy import deepcopy

from integration_tests.soak_destination import here
from integration_tests.soak_destination.model import Org, differences
from integration_tests.soak_destination.oracle import Oracle
from integration_tests.soak_destination.plan import Plan
from integration_tests.soak_destination.rejected import Rejected
from integration_tests.soak_destination.session import ViolationError
from integration_tests.soak_destination.site import Site
from integration_tests.soak_destination.values import Json
from integration_tests.soak_destination.wishes import Item


def replay(site: Site, plan: Plan, org: Org) -> int:
    """Lift the trigger and replay; return how many checks were made.

    Raises:
        ViolationError: It failed, or the org or the new rejected file is not as it must be.
    """
    rejected = Rejected(site.kept, plan.mappings)
    files = list(rejected.files())
    if not files:
        return 0
    site.control.clear_faults()
    site.control.do({"clear_obstacles": {}})
    org = deepcopy(org)
    must: set[str] = set()
    for _, lines in files:
        oracle = Oracle(org, plan.mappings, forbids=False)
        oracle.flush(_items(lines), is_last=True)
        must |= {rejected.name(place, item) for place, item in oracle.refused}
    config = site.config(plan.mappings, write_api=plan.write_api)
    end = here.replay(config)
    if end.how != "done":
        raise ViolationError(f"the replay ended so: {end}")
    _check(site, org, rejected, must)
    return 1


def _items(lines: list[Json]) -> list[Item]:
    """Return the records in *lines*, each once: two mappings may have refused one."""
    items: list[Item] = []
    for line in lines:
        if (line["stream"], line["record"]) not in [(i.stream, i.data) for i in items]:
            items.append(Item(len(items) + 1, line["stream"], line["record"]))
    return items


def _check(site: Site, org: Org, rejected: Rejected, must: set[str]) -> None:
    found = list(differences(org.contents(), site.held()))
    found += [f"refused again, and not kept: {line}" for line in must - rejected.lines()]
    found += [f"kept, and not refused again: {line}" for line in rejected.lines() - must]
    if found:
        raise ViolationError("\n  ".join(["after a replay:", *found[:6]]))
