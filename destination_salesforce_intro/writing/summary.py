"""What a sync did, in lines a person can read: per mapping, per refusal, and what it cost."""

from __future__ import annotations

import statistics
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from functools import lru_cache

from destination_salesforce_intro.changes import Outcome, Refused, Rejection, Result, Upsert
from destination_salesforce_intro.config import Mapping
from destination_salesforce_intro.mapping import times
from destination_salesforce_intro.salesforce.limits import Allowance
from destination_salesforce_intro.salesforce.wire import Kind
from destination_salesforce_intro.storage.rejected import object_of
from destination_salesforce_intro.writing.overlaps import Overlaps

STORED_ANEW = (Result.CREATED, Result.UPDATED, Result.CLEARED, Result.DELETED)


class MappingTally:
    """What became of the records of one mapping."""

    def __init__(self) -> None:
        self.received = 0
        self.results: Counter[Result] = Counter()
        self.refusals: dict[str, tuple[Rejection, int]] = {}
        self.truncated = 0
        self.lags_s = array("d")  # from changed_at to stored

    def refuse(self, refused: Refused) -> None:
        """Count a record that became no change."""
        self.received += 1
        self._refuse(refused.rejection, 1)

    def note(self, outcomes: Sequence[Outcome], now_s: float) -> None:
        """Count *outcomes*, reached at *now_s* (seconds since the epoch)."""
        changes = [outcome.change for outcome in outcomes]
        self.received += sum(len(change.received) for change in changes)
        self.truncated += sum(each.truncated for each in changes if isinstance(each, Upsert))
        for change, _, rejection in outcomes:
            if rejection:
                self._refuse(rejection, len(change.received))
        self._note_settled([outcome for outcome in outcomes if not outcome.rejection], now_s)

    def _note_settled(self, outcomes: Sequence[Outcome], now_s: float) -> None:
        self.results.update(outcome.result for outcome in outcomes)
        anew = [each.change.changed_at for each in outcomes if each.result in STORED_ANEW]
        changed_s = (_seconds(changed_at) for changed_at in anew)
        self.lags_s.extend(max(0.0, now_s - at_s) for at_s in changed_s if at_s is not None)

    def _refuse(self, rejection: Rejection, records: int) -> None:
        kept, before = self.refusals.get(rejection.code, (rejection, 0))
        self.refusals[rejection.code] = (kept, before + records)

    @property
    def rejected(self) -> int:
        """How many records were refused."""
        return sum(count for _, count in self.refusals.values())


@lru_cache(maxsize=4096)  # a source stamps many records with one time
def _seconds(changed_at: str | None) -> float | None:
    when = times.moment(changed_at)
    return when.timestamp() if when else None


class Summary:
    """The tallies of all mappings, by place."""

    def __init__(self, mappings: Sequence[Mapping]) -> None:
        self._mappings = mappings
        self.tallies = [MappingTally() for _ in mappings]
        self._overlaps = Overlaps(mappings)

    def note(self, outcomes: Iterable[Outcome | Refused], now_s: float) -> None:
        """Count *outcomes*, each for its mapping."""
        by_mapping = defaultdict[int, list[Outcome]](list)
        for outcome in outcomes:
            if isinstance(outcome, Refused):
                self.tallies[outcome.mapping].refuse(outcome)
            else:
                by_mapping[outcome.change.mapping].append(outcome)
        for place, theirs in by_mapping.items():
            self.tallies[place].note(theirs, now_s)
            self._overlaps.note(each.change for each in theirs if not each.rejection)

    def lines(self) -> Iterator[str]:
        """Yield one line per mapping, and one per reason of refusal, without any value."""
        for place, (mapping, tally) in enumerate(zip(self._mappings, self.tallies, strict=True)):
            yield f"mappings[{place}] {describe(mapping)}: {_counts(tally)}{_lag(tally)}"
            for rejection, count in tally.refusals.values():
                yield (
                    f"mappings[{place}] {describe(mapping)}: {count} rejected with "
                    f"{rejection.code}: {rejection.cause} {rejection.hint}"
                )
        yield from self._overlaps.lines()


def describe(mapping: Mapping) -> str:
    """Name *mapping* for a person, e.g. ``profiles -> Contact (record)``."""
    return f"{mapping.stream} -> {object_of(mapping)} ({mapping.kind})"


def _counts(tally: MappingTally) -> str:
    counts = ", ".join(
        f"{tally.results[result]} {result.value.replace('_', ' ')}"
        for result in Result
        if result is not Result.REJECTED and (result is not Result.IGNORED or tally.results[result])
    )
    truncated = f", {tally.truncated} texts truncated" if tally.truncated else ""
    return f"{tally.received} received, {counts}, {tally.rejected} rejected{truncated}"


def _lag(tally: MappingTally) -> str:
    if not tally.lags_s:
        return ""
    lags = sorted(tally.lags_s)
    late = lags[min(len(lags) - 1, int(len(lags) * 0.95))]
    return f"; from change to stored {statistics.median(lags):.1f} s median, {late:.1f} s 95th"


def cost(calls: Map[Kind, int], quota: Allowance | None) -> str:
    """Say how many API calls the sync made, by kind, and what is left of the org's day."""
    by_kind = ", ".join(f"{count} {kind}" for kind, count in sorted(calls.items()))
    left = f"; {quota.limit - quota.used} of {quota.limit} left today" if quota else ""
    return f"{sum(calls.values())} API calls ({by_kind or 'none'}){left}"
