"""What stands in a row's way in a busy org: locks by other users, validation rules, triggers.

Values and their tests; ``obstacles`` asks them about the rows of a write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce.ids import full_id

# Times left of what never ends.
FOR_EVER = -1


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
    """A rule of the org that refuses rows of *object* in which *field* matches *pattern*."""

    object: str
    field: str
    pattern: re.Pattern[str]
    code: str
    message: str
    times: int = FOR_EVER

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Trigger:
        """Read ``{"object", "field", "pattern"}``, with "code", "message", "times" if given."""
        times = raw.get("times")
        return cls(
            raw["object"],
            raw["field"],
            re.compile(raw["pattern"]),
            raw.get("code", "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
            raw.get("message", "The value is not allowed here."),
            FOR_EVER if times is None else times,
        )

    def refuses(self, value: Any) -> bool:
        """Whether a row with *value* in the field is refused."""
        return value is not None and self.pattern.search(str(value)) is not None


@dataclass
class Interference:
    """All obstacles of the org."""

    locks: list[Lock] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
