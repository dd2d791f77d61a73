"""Rounds in which growth can never be written: suppression must be there all the same, and first.

People enter a segment that protects them and one that pursues them in one window. While Salesforce
refuses every write of the pursuing mapping, the sync has to stop with the protection written and
nothing acknowledged; once it does not, all is written and the overlap is reported.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import islice

from integration_tests.soak_destination import world
from integration_tests.soak_destination.mappings import CIO
from integration_tests.soak_destination.model import Org, differences
from integration_tests.soak_destination.oracle import Oracle
from integration_tests.soak_destination.plan import Plan
from integration_tests.soak_destination.rejected import Rejected
from integration_tests.soak_destination.runs import End, How, Part
from integration_tests.soak_destination.session import Session, ViolationError
from integration_tests.soak_destination.site import Site
from integration_tests.soak_destination.story import Story
from integration_tests.soak_destination.values import Json

STREAM = "segment_memberships"
REFUSAL = [{"errorCode": "INVALID_TYPE", "message": "no such object"}]


class Crossing:
    """One round of two mappings of memberships: one protects (segment 8), one pursues (7)."""

    def __init__(self, site: Site) -> None:
        self.checks = 0
        self.deaths = 0
        self._site = site
        self._protects = _mapping("flag", site.rng.choice((1, 10))) | {
            "object": "Contact",
            "segments": [{"segment": 8, "field": "Is_VIP__c"}],
        }
        pursues, self._wall = _pursuit(site)
        mappings = [self._protects, pursues]
        site.rng.shuffle(mappings)
        self.plan = Plan(tuple(mappings), write_api="rest", people=12, windows=1)
        self._story = Story(self.plan, site.rng)
        self._org = Org()
        fields = [{"LastName": "Here", "CustomerIO_Id__c": p.cio_id} for p in self._story.people]
        world.put(site.control, self._org, [("Contact", each) for each in fields])

    def run(self) -> None:
        """Run against the wall, then without it.

        Raises:
            ViolationError: A promise is broken.
        """
        part = Part(0, self._story.entries(7, 8), [STREAM])
        self._site.control.fault({"status": 400, "body": REFUSAL}, times=None, body=self._wall)
        session, end, _ = self._run([self._protects], part)
        if end.how != "failed" or session.acknowledged:
            raise ViolationError(f"growth cannot be written, and the sync ended so: {end}")
        found = list(differences(session.oracle.org.contents(), self._site.held()))
        if found:
            raise ViolationError("\n  ".join(["what protects is not written:", *islice(found, 6)]))
        self._site.control.clear_faults()
        session, end, logged = self._run(self.plan.mappings, part)
        if end.how != "done" or "are both in mappings" not in logged:
            raise ViolationError(f"not done ({end}), or the overlap is not told: {logged}")
        session.check_end()
        self.checks = session.checks + 1

    def _run(self, judged: list[Json] | tuple[Json, ...], part: Part) -> tuple[Session, End, str]:
        oracle = Oracle(deepcopy(self._org), judged)
        rejected = Rejected(self._site.kept, self.plan.mappings)
        session = Session(oracle, self._site.held, rejected, -1)
        config = self._site.config(self.plan.mappings, write_api=self.plan.write_api)
        end, logged = self._site.run(session, iter([part]), config, How(in_process=True))
        return session, end, logged


def _mapping(kind: str, priority: int) -> Json:
    return {
        "stream": STREAM,
        "kind": kind,
        "identity": [CIO],
        "priority": priority,
    }


def _pursuit(site: Site) -> tuple[Json, str]:
    """Draw a mapping of growth, and the pattern of its writes."""
    if site.rng.random() < 0.5:
        segments = [{"segment": 7, "value": "S7"}]
        picks = {"object": "Contact", "field": "Segments__c", "segments": segments}
        return _mapping("multi_select", 200) | picks, '"Segments__c" ?:'
    segments = [{"segment": 7, "campaign": world.campaigns(site.control)[7]}]
    mapping = _mapping("campaign_member", 200)
    mapping |= {"identity": [{**CIO, "object": "Contact"}], "on_exit": {"action": "delete"}}
    return mapping | {"segments": segments}, '"CampaignId" ?:'
