"""What every kind of mapping can do; the writer knows no more of them than this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from destination_salesforce_intro.changes import Change, Received, Refused
from destination_salesforce_intro.org.decide import Decision
from destination_salesforce_intro.org.lookup import Match


class Finding(Protocol):
    """A look-up under way: ask ``queries``, ``take`` what they returned, until there are none."""

    def queries(self) -> list[str]:
        """Return the SOQL of the next step, independent of each other; none when it is over."""

    def take(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take in all records that those queries returned, whatever their order."""

    def matches(self) -> list[Match]:
        """Return what was found, one entry per change and in their order."""


class Kind(Protocol):
    """A mapping, compiled against the schemas of the objects it touches."""

    def changes(self, records: Sequence[Received]) -> list[Change | Refused]:
        """Read what records want of Salesforce; nothing, where they are of no concern here."""

    def search(self, changes: Sequence[Change]) -> Finding:
        """Start looking for what Salesforce holds for *changes*."""

    def decide(self, matches: Sequence[Match]) -> Decision:
        """Decide one round of writing; what has to wait is looked up and decided again."""
