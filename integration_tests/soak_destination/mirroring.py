"""Rounds of full refreshes: who is in Salesforce and was not told has left, if all was told."""

from __future__ import annotations

from integration_tests.soak_destination import trouble, world
from integration_tests.soak_destination.edits import edit
from integration_tests.soak_destination.model import PEOPLE
from integration_tests.soak_destination.oracle import Oracle
from integration_tests.soak_destination.plan import Plan
from integration_tests.soak_destination.rejected import Rejected
from integration_tests.soak_destination.rounds import MAX_RUNS, check_report, limits
from integration_tests.soak_destination.runs import End, How, Part, draw_death
from integration_tests.soak_destination.session import Session, ViolationError
from integration_tests.soak_destination.site import Site
from integration_tests.soak_destination.story import Story

INEXACT = 1_000  # a window that never comes: the org is known at the end only


class MirrorRound:
    """One round of a few syncs, each of which tells everybody who is there."""

    def __init__(self, site: Site, plan: Plan) -> None:
        self.checks = 0
        self.deaths = 0
        self.plan = plan
        self._site = site
        self._rng = site.rng
        self._story = Story(plan, site.rng)
        self._org = world.furnish(site.control, self._story.people, plan, site.rng)
        self._rejected = Rejected(site.kept, plan.mappings)
        self._syncs = 0
        self._streams = sorted({mapping["stream"] for mapping in plan.mappings})

    def run(self) -> None:
        """Play the syncs, each until it ends well.

        Raises:
            ViolationError: A promise is broken.
        """
        for number in range(self.plan.windows):
            self._change_behind()
            told = self._story.snapshot() if self._rng.random() < 0.9 else []
            part = Part(number, told, self._streams)
            if self._rng.random() < 0.8:
                part.complete = self._streams
            self._syncs += 1
            self._sync(part)

    def _change_behind(self) -> None:
        """Let the operator edit, and bring people back who left."""
        control, org, rng = self._site.control, self._org, self._rng
        for _ in range(rng.choice((0, 1, 2))):
            edit(control, org, rng)
        gone = [each for each in self._story.people if rng.random() < 0.1]
        known = {r.get("CustomerIO_Id__c") for name in PEOPLE for r in org.records[name].values()}
        values = {"LastName": "Back", "Is_VIP__c": True, "Segments__c": "S7;Mine"}
        world.put(
            control,
            org,
            [
                (rng.choice(PEOPLE), {**values, "CustomerIO_Id__c": each.cio_id})
                for each in gone
                if each.cio_id not in known
            ],
        )

    def _sync(self, part: Part) -> None:
        """Run until it ends well: as further attempts at one sync, or as one sync after another."""
        is_resumed = False
        for life in range(MAX_RUNS):
            if self._live(part, is_first=life == 0, is_resumed=is_resumed):
                return
            self.deaths += 1
            # Whether a process that was killed has got as far as to begin, nobody knows.
            is_resumed = self.plan.in_process and self._rng.random() < 0.4
            self._syncs += not is_resumed
        raise ViolationError(f"not done after {MAX_RUNS} runs")

    def _live(self, part: Part, *, is_first: bool, is_resumed: bool) -> bool:
        budget = self.plan.budget if is_first else None
        oracle = Oracle(self._org, self.plan.mappings, budget=budget)
        exact_from = -1 if is_first else INEXACT
        session = Session(oracle, self._site.held, self._rejected, exact_from)
        dies = self.plan.dies and is_first and self._rng.random() < 0.5
        for _ in range(self._rng.choice((0, 0, 1, 2)) if is_first else 0):
            trouble.break_something(self._site.control, self.plan, self._rng)
        config = self._site.config(self.plan.mappings, **limits(self.plan, budget))
        death = draw_death([part.place], self._rng) if dies else None
        how = How(self.plan.in_process, death, "overwrite", self._syncs)
        end, _ = self._site.run(session, iter([part]), config, how)
        if end.how == "done" or end.fault == "config_error":
            self._judge(session, end, is_whole=bool(part.complete) and not is_resumed)
        else:
            self._rejected.allow_all(session.told)
        self.checks += session.checks
        return end.how == "done"

    def _judge(self, session: Session, end: End, *, is_whole: bool) -> None:
        if is_whole:
            session.mirror()
        withheld = session.oracle.withheld
        if bool(withheld) != (end.how == "failed"):
            raise ViolationError(f"withheld {withheld}, and the sync ended so: {end}")
        if withheld:
            check_report(end.message, withheld)
        session.check_end()
        self._org = session.oracle.org
