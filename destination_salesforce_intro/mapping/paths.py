"""Dotted source paths: how a rule's ``source`` reads records, a column of values at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Record = Mapping[str, Any]
# Reads one value from each of many records: much is done once for all of them.
Reader = Callable[[Sequence[Record]], list[Any]]
# A field's name and what each record has for it; MISSING leaves the field alone.
Column = tuple[str, Sequence[Any]]


class Missing:
    """The record does not have the path at all, which is not the same as null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def reader(path: str) -> Reader:
    """Return the function that reads *path* from records, MISSING where there is none.

    A column whose name is the whole path wins (``{"attributes.phone": 1}``), then each dot goes
    one level down (``{"attributes": {"phone": 1}}``). Below a null everything is missing, not null:
    a source that knows nothing of the attributes has not said that each of them is empty.
    """
    if "." not in path:
        return lambda records: [record.get(path, MISSING) for record in records]
    steps = path.split(".")

    def read(records: Sequence[Record]) -> list[Any]:
        deep: Sequence[Any] = records
        for step in steps:
            deep = [v.get(step, MISSING) if isinstance(v, dict) else MISSING for v in deep]
        return [record.get(path, value) for record, value in zip(records, deep, strict=True)]

    return read


def each(read: Callable[[Record], Any]) -> Reader:
    """Return the function that lets *read* have one record after the other."""
    return lambda records: [read(record) for record in records]
