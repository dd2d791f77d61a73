"""The usual round: a story, runs of the destination until all of it is acknowledged, a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy

from integration_tests.soak_destination import rehearsal, replays, trouble, world
from integration_tests.soak_destination.edits import Meddler, edit
from integration_tests.soak_destination.model import Contents
from integration_tests.soak_destination.oracle import Budget, Oracle
from integration_tests.soak_destination.plan import Plan
from integration_tests.soak_destination.rejected import Rejected
from integration_tests.soak_destination.runs import End, How, Part, draw_death
from integration_tests.soak_destination.session import Session, ViolationError
from integration_tests.soak_destination.site import RESERVE_PERCENT, Site
from integration_tests.soak_destination.story import Story
from integration_tests.soak_destination.values import Json
from integration_tests.soak_destination.wishes import Wish

MAX_RUNS = 12
QUOTA = 1_000
# The first call, and one that asks for the limits, are made before anything is known.
CALLS_UNSEEN = 2


class Round:
    """One round against a new org."""

    def __init__(self, site: Site, plan: Plan) -> None:
        self.checks = 0
        self.deaths = 0
        self.plan = plan
        self._site = site
        self._rng = site.rng
        story = Story(plan, site.rng)
        self.windows = story.windows()
        self._org = world.furnish(site.control, story.people, plan, site.rng)
        self._rejected = Rejected(site.kept, plan.mappings)
        self._meddler = Meddler(site.control)
        self._covered = dict.fromkeys(sorted({m["stream"] for m in plan.mappings}), -1)
        self._frontier = -1  # the last window of which the org may have seen anything
        self._waiting: list[Wish] = []
        self._after: dict[int, Oracle] = {}  # what the oracle knew after each window

    def run(self) -> None:
        """Run until everything is acknowledged, then replay what was refused.

        Raises:
            ViolationError: A promise is broken.
        """
        if self.plan.rehearses:
            self.checks += rehearsal.rehearse(
                self._site, self.plan, self._org, self.windows[0].told
            )
        for life in range(MAX_RUNS):
            if self._live(is_first=life == 0):
                self.checks += replays.replay(self._site, self.plan, self._org)
                return
            self.deaths += 1
        raise ViolationError(f"not done after {MAX_RUNS} runs")

    def _live(self, *, is_first: bool) -> bool:
        budget = self.plan.budget if is_first else None
        first = min(self._covered.values()) + 1
        oracle = Oracle(self._org, self.plan.mappings, self._waiting, budget=budget)
        session = Session(oracle, self._held(oracle), self._rejected, self._frontier)
        dies = self.plan.dies and (is_first or self._rng.random() < 0.4)
        left = range(first, len(self.windows))
        death = draw_death(left, self._rng) if dies and left else None
        if death and death.how == "waiting":
            trouble.lose_a_write(self._site.control)
        settings = limits(self.plan, budget)
        calls = self.plan.calls if is_first else None
        self._site.set_calls(*self._quota(calls))
        end = End("died")
        try:
            end, _ = self._site.run(
                session,
                self._parts(session, left),
                self._site.config(self.plan.mappings, **settings),
                How(self.plan.in_process, death, is_patient=self.plan.meddles),
            )
            return self._judge(session, end, calls)
        finally:
            self._bury(session, first, is_known=end.fault == "config_error")

    @staticmethod
    def _quota(calls: int | None) -> tuple[int, int]:
        if calls is None:
            return 0, 15_000
        return QUOTA * (100 - RESERVE_PERCENT) // 100 - calls, QUOTA

    def _judge(self, session: Session, end: End, calls: int | None) -> bool:
        """Say whether all is done.

        Raises:
            ViolationError: The run ended as it must not.
        """
        if calls is not None and self._site.calls_used() > CALLS_UNSEEN + sum(
            (self._quota(calls)[0], calls)
        ):
            raise ViolationError(f"{self._site.calls_used()} calls of {QUOTA} are used")
        if end.may_pass:
            return False
        withheld = session.oracle.withheld
        if withheld and end.fault == "config_error" and "max_removals" in end.message:
            check_report(end.message, withheld)
            session.check_end()
            return False
        if withheld or end.how != "done":
            raise ViolationError(f"withheld {withheld}, and the sync ended so: {end}")
        session.check_end()
        return True

    def _held(self, oracle: Oracle) -> Callable[[], Contents]:
        def held() -> Contents:
            self._meddler.tell(oracle.org)
            return self._site.held()

        return held

    def _bury(self, session: Session, first: int, *, is_known: bool) -> None:
        """Take over what was acknowledged; what was not will be sent again."""
        self.checks += session.checks
        self._covered |= session.acknowledged
        self._rejected.allow_all(item for sent in session.outstanding for item in sent.covers)
        # Of what came after the last acknowledgement nobody knows how much was written.
        last = max(session.acknowledged.values(), default=first - 1)
        known = self._after[last] if last < self._frontier and not is_known else session.oracle
        self._org, self._waiting = known.org, known.waiting(session.uncovered)
        if is_known:
            self._frontier = -1

    def _parts(self, session: Session, left: range) -> Iterator[Part]:
        for place in left:
            window = self.windows[place]
            if place > self._frontier:
                self._enter(session, place)
            self._after[place - 1] = deepcopy(session.oracle)
            told = [each for each in window.told if self._covered[each[0]] < place]
            states = [stream for stream in window.states if self._covered[stream] < place]
            yield Part(place, told, states)

    def _enter(self, session: Session, place: int) -> None:
        """Come to a window for the first time."""
        control, rng = self._site.control, self._rng
        if session.is_exact and not session.outstanding and session.oracle.is_settled:
            for _ in range(self.windows[place].edits):
                edit(control, session.oracle.org, rng)
            if self.plan.meddles:
                self._meddler.lurk(session.oracle.org, rng)
        self._frontier = place
        for _ in range(rng.choice((0, 0, 1, 2))):
            trouble.break_something(control, self.plan, rng)
        if self.plan.creates_blindly and rng.random() < 0.8:
            trouble.lose_creates(control, rng)


def limits(plan: Plan, budget: Budget | None) -> Json:
    """Return the settings of a run of *plan* that may remove as much as *budget* says."""
    if budget is None:
        return {"write_api": plan.write_api}
    most = {"max_removals": budget.most, "max_removal_percent": budget.percent}
    return {"write_api": plan.write_api, **most}


def check_report(message: str, withheld: Iterable[int]) -> None:
    """Check that the error of a run over budget names the mappings.

    Raises:
        ViolationError: It does not.
    """
    missing = [place for place in withheld if f"mappings[{place}]" not in message]
    if missing:
        raise ViolationError(f"the error does not name mappings {missing}: {message}")
