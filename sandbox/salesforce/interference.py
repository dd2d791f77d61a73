"""What a busy org does to rows of its own: locks, triggers, duplicate and assignment rules.

Values and their tests; ``dml.obstacles`` and ``dml.automation`` ask them about the rows of a write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from sandbox.salesforce.ids import full_id

# Times left of what never ends.
FOR_EVER = -1

Event = Literal["save", "delete"]


@dataclass
class Lock:
    """Somebody else holds records of *object*: those of *ids*, or those that match *where*."""

    object: str
    ids: frozenset[str]
    where: Mapping[str, Any]
    times: int = FOR_EVER

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Lock:
        """Read ``{"object": "Contact", "where": {"Email": "a@x.example"}, "times": 2}``."""
        ids = frozenset(full_id(each) for each in raw.get("ids", ()))
        times = raw.get("times")
        return cls(raw["object"], ids, raw.get("where", {}), FOR_EVER if times is None else times)


@dataclass
class Trigger:
    """A rule of the org that refuses rows of *object* in which *field* matches *pattern*.

    It looks at rows that are saved, or, where *on* says so, at records to be deleted.
    """

    object: str
    field: str
    pattern: re.Pattern[str]
    code: str
    message: str
    on: Event = "save"
    times: int = FOR_EVER

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Trigger:
        """Read ``{"object", "field", "pattern"}``, the other names of the class if given.

        Raises:
            ValueError: *on* is no event.
        """
        if raw.get("on", "save") not in get_args(Event):
            raise ValueError(f"on is one of {', '.join(get_args(Event))}")
        times = raw.get("times")
        return cls(
            raw["object"],
            raw["field"],
            re.compile(raw["pattern"]),
            raw.get("code", "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
            raw.get("message", "The value is not allowed here."),
            raw.get("on", "save"),
            FOR_EVER if times is None else times,
        )

    def refuses(self, value: Any) -> bool:
        """Whether a row with *value* in the field is refused."""
        return value is not None and self.pattern.search(str(value)) is not None


class DuplicateRule(NamedTuple):
    """A rule against a second record of *object* with the same *field*; it blocks, or alerts."""

    object: str
    field: str
    blocks: bool


@dataclass
class Interference:
    """All obstacles of the org; *assigned_owners* is by object, as assignment rules say."""

    locks: list[Lock] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    duplicate_rules: list[DuplicateRule] = field(default_factory=list)
    assigned_owners: dict[str, str] = field(default_factory=dict)
