"""Dotted source paths: how a rule's ``source`` reads a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final


class _Missing:
    """The record does not have the path at all, which is not the same as null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()


def reader(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return the function that reads *path* from a record, MISSING where there is none.

    A column whose name is the whole path wins (``{"attributes.phone": 1}``), then each dot goes
    one level down (``{"attributes": {"phone": 1}}``). Below a null everything is missing, not null:
    a source that knows nothing of the attributes has not said that each of them is empty.
    """
    if "." not in path:
        return lambda record: record.get(path, MISSING)
    steps = path.split(".")
    return lambda record: record[path] if path in record else _descend(record, steps)


def _descend(record: Any, steps: list[str]) -> Any:
    for step in steps:
        if not isinstance(record, dict) or step not in record:
            return MISSING
        record = record[step]
    return record
