"""One round: a plan, its story, runs of the destination until all of it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random

from integration_tests.soak_destination import drive, trouble, world
from integration_tests.soak_destination.oracle import Oracle
from integration_tests.soak_destination.plan import Plan, draw
from integration_tests.soak_destination.session import Rejected, Session, ViolationError
from integration_tests.soak_destination.story import Story
from integration_tests.soak_destination.values import Json
from integration_tests.soak_destination.wishes import Wish
from sandbox.serve import Running

MAX_RUNS = 12


class Round:
    """One round against a new org.

    Args:
        box: The sandbox.
        folder: Empty; for settings and rejected records.
        rng: Decides everything.
    """

    def __init__(self, box: Running, folder: Path, rng: Random) -> None:
        self.checks = 0
        self.deaths = 0
        self._box = box
        self._control = box.salesforce_control
        self._folder = folder
        self._rng = rng
        self.plan: Plan = draw(rng, world.campaigns(self._control))
        story = Story(self.plan, rng)
        self.windows = story.windows()
        self._org = world.furnish(self._control, story.people, self.plan, rng)
        self._rejected = Rejected(folder / "rejected", self.plan.mappings)
        streams = sorted({mapping["stream"] for mapping in self.plan.mappings})
        self._covered = dict.fromkeys(streams, -1)
        self._frontier = -1  # the last window of which the org may have seen anything
        self._waiting: list[Wish] = []
        self._after: dict[int, Oracle] = {}  # what the oracle knew after each window

    def run(self) -> None:
        """Run until everything is acknowledged.

        Raises:
            ViolationError: A promise is broken.
        """
        for life in range(MAX_RUNS):
            dies = self.plan.dies and (life == 0 or self._rng.random() < 0.4)
            if self._live(dies=dies):
                return
            self.deaths += 1
        raise ViolationError(f"not done after {MAX_RUNS} runs")

    def _live(self, *, dies: bool) -> bool:
        first = min(self._covered.values()) + 1
        oracle = Oracle(self._org, self.plan.mappings, self._waiting)
        session = Session(
            *(oracle, lambda: world.held(self._control), self._rejected, self._frontier)
        )
        left = range(first, len(self.windows))
        death = drive.draw_death(left, self._rng) if dies and left else None
        parts = self._parts(session, left)
        try:
            if self.plan.in_process:
                return drive.run_here(session, parts, self._config(), self._catalog(), death)
            files = {"config": self._config(), "catalog": self._catalog()}
            return drive.run_process(session, parts, self._folder, files, death)
        finally:
            self._bury(session, first)

    def _bury(self, session: Session, first: int) -> None:
        """Take over what was acknowledged; what was not will be sent again."""
        self.checks += session.checks
        self._covered |= session.acknowledged
        self._rejected.allow_all(item for sent in session.outstanding for item in sent.covers)
        # Of what came after the last acknowledgement nobody knows how much was written.
        last = max(session.acknowledged.values(), default=first - 1)
        known = self._after[last] if last < self._frontier else session.oracle
        self._org, self._waiting = known.org, known.waiting(session.uncovered)

    def _parts(self, session: Session, left: range) -> Iterator[drive.Part]:
        for place in left:
            window = self.windows[place]
            if place > self._frontier:
                self._enter(session, place)
            self._after[place - 1] = deepcopy(session.oracle)
            told = [each for each in window.told if self._covered[each[0]] < place]
            states = [stream for stream in window.states if self._covered[stream] < place]
            yield drive.Part(place, told, states)

    def _enter(self, session: Session, place: int) -> None:
        """Come to a window for the first time."""
        if session.is_exact and not session.outstanding and session.oracle.is_settled:
            for _ in range(self.windows[place].edits):
                world.edit(self._control, session.oracle.org, self._rng)
        self._frontier = place
        for _ in range(self._rng.choice((0, 0, 1, 2))):
            trouble.break_something(self._control, self._rng)

    def _config(self) -> Json:
        return {
            "auth": {"type": "refresh_token", **self._box.salesforce_auth["refresh_token"]},
            "login_url": self._box.salesforce,
            "mappings": list(self.plan.mappings),
            "write_api": self.plan.write_api,
            "max_removals": 100_000,
            "object_storage_config": {
                "storage_type": "File",
                "url": f"file://{self._folder}/rejected",
            },
        }

    def _catalog(self) -> Json:
        return {
            "streams": [
                {"stream": {"name": name}, "destination_sync_mode": "append_dedup"}
                for name in self._covered
            ]
        }
