"""The budget of removals: an upstream mistake must not empty an audience.

Deleting, clearing, un-flagging and taking out of a campaign are removals. In a sync, a mapping may
do them to as many records as the larger of ``max_removals`` and ``max_removal_percent`` of what it
held before the first. The flush that would pass this does none of them, and none after it does.

A record counts once, so that a removal which is tried again is no second one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from destination_salesforce_intro.changes import Change
from destination_salesforce_intro.errors import ConnectorError, Fault

PERCENT = 100


class Guard:
    """Counts removals per mapping (by place) and holds back those over budget.

    Args:
        max_removals: How many any mapping may do.
        max_percent: Which share of what a mapping holds it may remove, if that is more.
        holdings: Counts what the mapping at a place holds; asked at most once for each, before its
            first removal, and never where no share is given.
        holds_back: Whether removals over budget are held back; a dry run lets them be planned.
    """

    def __init__(
        self,
        max_removals: int,
        max_percent: float,
        holdings: Callable[[int], int],
        *,
        holds_back: bool = True,
    ) -> None:
        self._max_removals = max_removals
        self._max_percent = max_percent
        self._holdings = holdings
        self._holds_back = holds_back
        self._budgets: dict[int, int] = {}
        self._removed: dict[int, set[str]] = defaultdict(set)  # Ids
        self._withheld: Counter[int] = Counter()
        self._blocked: set[str] = set()  # streams whose states cover a removal held back

    def admits(
        self, place: int, removals: Sequence[tuple[Change, str]], to_come: Collection[str] = ()
    ) -> bool:
        """Whether the mapping at *place* may do *removals* now; if not, they are held back.

        Args:
            place: The mapping's place in the configuration.
            removals: Each exit and the Id of a record it is removed from.
            to_come: Ids of the records of exits that have to wait for these.
        """
        if not removals:
            return True
        ids = {id_ for _, id_ in removals}
        if self._withheld[place] or self._is_too_much(place, ids.union(to_come)):
            self._withheld[place] += len(removals)
            self._blocked.update(_streams(change for change, _ in removals))
            return not self._holds_back
        self._removed[place] |= ids
        return True

    def _is_too_much(self, place: int, ids: set[str]) -> bool:
        return len(self._removed[place] | ids) > self._budget(place)

    def covers(self, stream: str | None) -> bool:
        """Whether a state of *stream* (None: of all) would cover a removal held back."""
        return bool(self._blocked) if stream is None else stream in self._blocked

    def report(self) -> str | None:
        """Say how many removals are over budget, of which mapping, and what lets them through."""
        over = [
            f"mappings[{place}] {count} (budget {self._budgets[place]})"
            for place, count in sorted(self._withheld.items())
        ]
        if not over:
            return None
        return (
            f"Removals over budget are held back: {'; '.join(over)}. Everything else is written. "
            "If they are right, raise max_removals or max_removal_percent and sync again."
        )

    def check(self) -> None:
        """Fail the sync if anything was held back.

        Raises:
            ConnectorError: CONFIG, with the numbers and the settings that let them through.
        """
        report = self.report()
        if report and self._holds_back:
            raise ConnectorError(report, Fault.CONFIG)

    def _budget(self, place: int) -> int:
        if place not in self._budgets:
            held = self._holdings(place) if self._max_percent else 0
            share = int(held * self._max_percent / PERCENT)
            self._budgets[place] = max(self._max_removals, share)
        return self._budgets[place]


def _streams(changes: Iterable[Change]) -> Iterable[str]:
    return (received.stream for change in changes for received in change.received)
