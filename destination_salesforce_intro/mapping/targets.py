"""What field rules make of many records at once: raw values to columns, columns to fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import add
from typing import Any, NamedTuple

from destination_salesforce_intro.changes import Rejection, Value
from destination_salesforce_intro.mapping.paths import MISSING, Column, Missing, Reader, Record
from destination_salesforce_intro.mapping.values import Convert, UnfitError, converted, to_text


@dataclass(frozen=True, slots=True)
class Target:
    """One field rule, compiled: where its value comes from and what the field takes.

    *cleared_name* is the field that null clears; it differs from *name* where a lookup is set
    through its parent's external id (``Account.Key__c``, cleared as ``AccountId``).
    """

    name: str
    cleared_name: str
    source: str | None
    read: Reader
    convert: Convert
    when_missing: Any  # MISSING leaves the field alone, None clears it
    cut_at: int | None  # longest text, where longer text is cut

    def raws(self, records: Sequence[Record]) -> list[Any]:
        """Read the values from *records*, as they are there."""
        raws = self.read(records)
        if self.when_missing is MISSING:
            return raws
        return [self.when_missing if raw is MISSING else raw for raw in raws]

    def values(self, raws: Sequence[Any]) -> list[Any]:
        """Turn *raws* into what the field takes; a Rejection stands for what it does not take."""
        values = converted(self.convert, raws)
        if UnfitError not in set(map(type, values)):
            return values
        return list(map(self._judged, raws, values))

    def columns(self, values: list[Any]) -> list[Column]:
        """Return *values* as columns of the one or two fields that the rule writes."""
        if self.name == self.cleared_name:
            return [(self.name, values)]
        linked = [MISSING if value is None else value for value in values]
        cleared = [value if value is None else MISSING for value in values]
        return [(self.name, linked), (self.cleared_name, cleared)]

    def _judged(self, raw: Any, value: Any) -> Any:
        return self._rejection(raw, str(value)) if isinstance(value, UnfitError) else value

    def _rejection(self, raw: Any, problem: str) -> Rejection:
        return Rejection(
            code="INVALID_VALUE",
            message=f"{self.name}: {raw!r} {problem}",
            cause=f'The value of "{self.source}" {problem}, as {self.name} needs it.',
            hint=f'Correct the value where it comes from, or give the rule for "{self.name}" a '
            '"format" or "values" that turn it into what the field takes.',
        )


class Filled(NamedTuple):
    """The fields that a record sets or clears, and how many texts were cut for them.

    With a *rejection*, a value is not what its field takes, and nothing of the record counts.
    """

    fields: dict[str, Value]
    truncated: int = 0
    rejection: Rejection | None = None


def fill(
    targets: Sequence[Target], records: Sequence[Record], others: Iterable[Column] = ()
) -> list[Filled]:
    """Apply every rule to every record.

    *others* are columns of other origin; a rule's value for the same field wins over theirs.
    """
    columns, truncated = list(others), [0] * len(records)
    for target in targets:
        raws = target.raws(records)
        values = target.values(raws)
        columns += target.columns(values)
        if target.cut_at is not None:
            truncated = list(map(add, truncated, _cuts(raws, values, target.cut_at)))
    count = len(records)
    return list(map(Filled, rows(columns, count), truncated, _rejections(columns, count)))


def _cuts(raws: Sequence[Any], values: Sequence[Any], length: int) -> list[int]:
    """Tell for each of *values* whether it is a text that had to be cut: 1, else 0."""
    return [
        int(isinstance(value, str) and len(to_text(raw)) > length)
        for raw, value in zip(raws, values, strict=True)
    ]


def rows(columns: Sequence[Column], count: int) -> Iterator[dict[str, Value]]:
    """Yield the fields of each of *count* records; what is MISSING is left out."""
    names = [name for name, _ in columns]
    if not _has(Missing, columns):
        return (dict(zip(names, line, strict=True)) for line in _lines(columns, count))
    return (
        {name: value for name, value in zip(names, line, strict=True) if value is not MISSING}
        for line in _lines(columns, count)
    )


def _rejections(columns: Sequence[Column], count: int) -> Iterable[Rejection | None]:
    """Yield the first rejection of each record."""
    if not _has(Rejection, columns):
        return repeat(None, count)
    return (
        next((value for value in line if isinstance(value, Rejection)), None)
        for line in _lines(columns, count)
    )


def _lines(columns: Sequence[Column], count: int) -> Iterable[tuple[Any, ...]]:
    return zip(*(values for _, values in columns), strict=True) if columns else repeat((), count)


def _has(kind: type, columns: Iterable[Column]) -> bool:
    return any(kind in set(map(type, values)) for _, values in columns)
