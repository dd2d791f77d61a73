"""What the org must hold after each window of messages, and which records must be refused.

One change after the other, in the order of their times, against a model of the org: slow and
plain. A window is what lies between two STATEs; the documents say that changes of one person
within it count as their net effect, exits first, then mappings by priority.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

from integration_tests.soak_destination import holdings
from integration_tests.soak_destination.belonging import Belonging
from integration_tests.soak_destination.finding import is_known
from integration_tests.soak_destination.model import Org
from integration_tests.soak_destination.people import People, Verdict
from integration_tests.soak_destination.values import Json
from integration_tests.soak_destination.wishes import Item, RefusedError, Wish, net, wishes


class Budget(NamedTuple):
    """How many records each mapping may remove in a run."""

    most: int
    percent: int  # of what the mapping held before the first, if that is more


class Oracle:
    """The truth about one run of the destination.

    Args:
        org: What the org holds; it is changed.
        mappings: As in the settings.
        waiting: What an earlier run got acknowledged and this one cannot know to be written.
        budget: Of removals, if it is to matter.
        forbids: Whether the org's trigger stands.
    """

    def __init__(
        self,
        org: Org,
        mappings: Sequence[Json],
        waiting: Sequence[Wish] = (),
        *,
        budget: Budget | None = None,
        forbids: bool = True,
    ) -> None:
        self.org = org
        self.refused: list[tuple[int, Item]] = []  # by mapping
        self.withheld: set[int] = set()  # mappings whose removals are over budget
        self.blocked: dict[str, int] = {}  # the first record whose removal is held back, by stream
        self._mappings = mappings
        self._waiting = list(waiting)
        self._forbids = forbids
        self._drained: dict[tuple[int, str, str | None], int] = {}
        self._budget = budget
        self._held: dict[int, int] = {}  # how many records each mapping held at first
        self._removed: dict[int, set[tuple[str, int]]] = defaultdict(set)
        self._order = sorted(
            range(len(mappings)),
            key=lambda i: (mappings[i].get("priority", 100), mappings[i]["kind"] != "record"),
        )
        self._gains_people = any(
            m["kind"] == "record" and m.get("operation") != "update" for m in mappings
        )

    @property
    def is_settled(self) -> bool:
        """Whether no record waits for its person, so that states must come back."""
        return not self._waiting

    def waiting(self, unknown: Collection[int]) -> list[Wish]:
        """Return what waits for its person, but what came of records numbered *unknown*."""
        return [
            replace(wish, items=())
            for wish in self._waiting
            if not any(item.number in unknown for item in wish.items)
        ]

    def flush(self, items: Sequence[Item], *, is_last: bool = False) -> None:
        """Apply the records since the last flush."""
        groups = self._gather(items)
        self._apply([wish for group in groups for wish in net(filter(self._ends, group))])
        if self._gains_people:  # of those who wait, some may have come just now
            waiting, self._waiting = self._waiting, []
            self._apply(waiting)
        if is_last or not self._gains_people:
            self._turn_away()

    def mirror(self, items: Sequence[Item]) -> None:
        """Let those leave whom a mapping that mirrors holds and *items*, the stream, told not."""
        self._apply(
            [
                wish
                for place, mapping in enumerate(self._mappings)
                if mapping.get("mirror") and any(i.stream == mapping["stream"] for i in items)
                for wish in holdings.gone(self.org, place, mapping, items)
            ]
        )

    def _apply(self, todo: Sequence[Wish]) -> None:
        for exits in (True, False):
            for place in self._order:
                theirs = [w for w in todo if w.mapping == place and w.is_exit is exits]
                self._settle(self._admitted(place, theirs) if exits else theirs)

    def _ends(self, wish: Wish) -> bool:
        """Whether *wish* does something; an exit that is ignored ends nothing."""
        on_exit = self._mappings[wish.mapping].get("on_exit", {})
        return not (wish.is_exit and on_exit.get("action") == "ignore")

    def _gather(self, items: Sequence[Item]) -> list[list[Wish]]:
        """Group what is wanted by person; what is older than what was applied is left out."""
        new = [wish for item in items for wish in self._read(item)]
        new = [wish for wish in new if (wish.when or 0) >= self._drained.get(wish.who, 0)]
        waiting, self._waiting = self._waiting, []
        groups: dict[tuple[int, str, str | None], list[Wish]] = defaultdict(list)
        for wish in (*waiting, *new):
            groups[wish.who].append(wish)
        for who, group in groups.items():
            self._drained[who] = max(wish.when or 0 for wish in group)
        return list(groups.values())

    def _read(self, item: Item) -> list[Wish]:
        found: list[Wish] = []
        for place, mapping in enumerate(self._mappings):
            if mapping["stream"] != item.stream:
                continue
            try:
                found += wishes(place, mapping, item)
            except RefusedError:
                self.refused.append((place, item))
        return found

    def _admitted(self, place: int, exits: Sequence[Wish]) -> Sequence[Wish]:
        """Leave the removals out of *exits* that are over budget; what removes nothing may pass."""
        if self._budget is None or not exits:
            return exits
        trial = deepcopy(self.org)
        removing = [wish for wish in self._in_time(exits) if self._touches(trial, wish)]
        removed = self._removed[place] | set(trial.touched[len(self.org.touched) :])
        if not removing or (place not in self.withheld and len(removed) <= self._most(place)):
            self._removed[place] = removed
            return exits
        self._hold_back(place, removing)
        return [wish for wish in exits if wish not in removing]

    def _most(self, place: int) -> int:
        """Return the budget of a mapping: of what it held before its first removal."""
        assert self._budget is not None
        if place not in self._held:
            self._held[place] = holdings.count(self.org, self._mappings[place])
        return max(self._budget.most, self._held[place] * self._budget.percent // 100)

    def _touches(self, org: Org, wish: Wish) -> bool:
        before = len(org.touched)
        self._do(org, wish)
        return len(org.touched) > before

    def _hold_back(self, place: int, removing: Sequence[Wish]) -> None:
        self.withheld.add(place)
        for item in (item for wish in removing for item in wish.items):
            self.blocked[item.stream] = min(self.blocked.get(item.stream, item.number), item.number)

    def _settle(self, todo: Sequence[Wish]) -> None:
        for wish in self._in_time(todo):
            verdict = self._do(self.org, wish)
            if verdict == "refused":
                self._refuse(wish)
            elif verdict == "waits":
                self._waiting.append(wish)

    def _in_time(self, todo: Sequence[Wish]) -> list[Wish]:
        """Sort by time; whoever is known by the best key goes first."""
        mappings = self._mappings
        return sorted(
            todo, key=lambda w: (not is_known(self.org, mappings[w.mapping], w), w.when or 0)
        )

    def _do(self, org: Org, wish: Wish) -> Verdict:
        people, belonging = People(org, forbids=self._forbids), Belonging(org)
        kinds: dict[str, Callable[[Json, Wish], Verdict]] = {
            "record": people.record,
            "flag": people.field,
            "multi_select": people.field,
            "campaign_member": belonging.member,
            "child_record": belonging.row,
        }
        mapping = self._mappings[wish.mapping]
        return kinds[mapping["kind"]](mapping, wish)

    def _refuse(self, wish: Wish) -> None:
        self.refused += [(wish.mapping, item) for item in wish.items]

    def _turn_away(self) -> None:
        for wish in self._waiting:
            if self._mappings[wish.mapping].get("on_no_match", "reject") == "reject":
                self._refuse(wish)
        self._waiting = []
