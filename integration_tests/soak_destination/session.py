"""The books of one run of the destination: what was sent, what came back, and whether it is true.

Every acknowledgement is checked: its form, its counts, the org, the rejected file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from integration_tests.soak_destination.model import Contents, differences
from integration_tests.soak_destination.oracle import Oracle
from integration_tests.soak_destination.rejected import Rejected
from integration_tests.soak_destination.story import Told
from integration_tests.soak_destination.values import Json
from integration_tests.soak_destination.wishes import Item

SHOWN = 6


class ViolationError(Exception):
    """The destination broke a promise."""


class Sent(NamedTuple):
    """A STATE on its way, the records it covers, and the window it ends."""

    message: Json
    stream: str
    covers: tuple[Item, ...]
    window: int
    is_exact: bool  # whether the oracle knows what became of them
    last: int  # the record before it


class Session:
    """One run.

    Args:
        oracle: Knows what must become of what is sent.
        held: Reads the org.
        rejected: Reads the rejected records.
        exact_from: The window from which the org is known exactly; before it, an earlier run
            may have written more than the oracle is told again.
    """

    def __init__(
        self, oracle: Oracle, held: Callable[[], Contents], rejected: Rejected, exact_from: int
    ) -> None:
        self.oracle = oracle
        self.acknowledged: dict[str, int] = {}  # the last window, by stream
        self.outstanding: list[Sent] = []
        self.told: list[Item] = []
        self.checks = 0
        self.is_exact = exact_from < 0
        self._held = held
        self._rejected = rejected
        self._exact_from = exact_from
        self._unflushed: list[Item] = []
        self._since: dict[str, list[Item]] = {}
        self._states = 0

    def record(self, told: Told) -> bytes:
        """Book a record and return its line."""
        item = Item(len(self.told) + 1, *told)
        self.told.append(item)
        self._unflushed.append(item)
        self._since.setdefault(item.stream, []).append(item)
        record = {"stream": item.stream, "data": item.data, "emitted_at": 1}
        return _line({"type": "RECORD", "record": record})

    def state(self, stream: str, window: int) -> bytes:
        """Book a STATE and return its line; the oracle learns what came before it."""
        self._flush(window)
        self._states += 1
        inner = {"stream_descriptor": {"name": stream}, "stream_state": {"window": window}}
        state = {"type": "STREAM", "stream": inner, "id": self._states, "unheard_of": {"k": [1]}}
        message = {"type": "STATE", "state": state}
        covers = tuple(self._since.pop(stream, ()))
        sent = Sent(message, stream, covers, window, self.is_exact, len(self.told))
        self.outstanding.append(sent)
        return _line(message)

    def _flush(self, window: int, *, is_last: bool = False) -> None:
        self.oracle.flush(self._unflushed, is_last=is_last)
        if not self.is_exact:
            self._rejected.allow_all(self._unflushed)
        self._unflushed = []
        if window >= self._exact_from and self.oracle.is_settled:
            self.is_exact = True
        self._rejected.allowed |= {self._rejected.name(p, item) for p, item in self.oracle.refused}

    def end(self) -> None:
        """Book the end of the input."""
        self._flush(self._exact_from, is_last=True)

    def mirror(self) -> None:
        """Let the oracle treat as left who was not told; only once the run has ended."""
        self.oracle.mirror(self.told)

    @property
    def uncovered(self) -> set[int]:
        """The numbers of the records that no STATE which came back covers."""
        since = (item for items in self._since.values() for item in items)
        return {item.number for sent in self.outstanding for item in sent.covers} | {
            item.number for item in since
        }

    @property
    def owed(self) -> list[Sent]:
        """The STATEs on their way that do not wait with a removal that is held back."""
        return [sent for sent in self.outstanding if sent.stream not in self.oracle.blocked]

    @property
    def owes(self) -> int:
        """How many STATEs must come back now."""
        return len(self.owed) if self.oracle.is_settled else 0

    def acknowledge(self, message: Json) -> None:
        """Check a STATE that came back.

        Raises:
            ViolationError: A promise is broken.
        """
        sent = self._due(message)
        if self.is_exact and not self.oracle.is_settled:
            raise ViolationError(f"window {sent.window}: acknowledged while a record waits")
        if self.oracle.blocked.get(sent.stream, sent.last + 1) <= sent.last:
            raise ViolationError(f"window {sent.window}: acknowledged over a removal held back")
        self._check_counts(sent, message["state"].get("destinationStats") or {})
        self.acknowledged[sent.stream] = sent.window
        # A later window that is still owed may be half written: the org is looked at after it.
        if self.is_exact and all(each.window == sent.window for each in self.owed):
            self.check_org(f"acknowledgement of window {sent.window}")

    def _due(self, message: Json) -> Sent:
        """Take the STATE that *message* gives back; those of a blocked stream may be skipped."""
        state = {k: v for k, v in message["state"].items() if k != "destinationStats"}
        for place, sent in enumerate(self.outstanding):
            if sent.message == {**message, "state": state}:
                return self.outstanding.pop(place)
            if sent.stream not in self.oracle.blocked:
                break
        raise ViolationError(f"a STATE came back that was not due, or not as it went: {message}")

    def _check_counts(self, sent: Sent, stats: Json) -> None:
        stored, refused = stats.get("recordCount"), stats.get("rejectedRecordCount")
        numbers = {item.number for _, item in self.oracle.refused}
        wanted = sum(item.number in numbers for item in sent.covers)
        where = f"window {sent.window} {sent.stream}"
        if (stored or 0) + (refused or 0) != len(sent.covers):
            raise ViolationError(
                f"{where}: {len(sent.covers)} records sent, {stored} + {refused} accounted for"
            )
        if sent.is_exact and refused != wanted:
            raise ViolationError(f"{where}: {wanted} records must be refused, {refused} were")

    def check_org(self, when: str) -> None:
        """Compare the org and the rejected records with what they must be.

        Raises:
            ViolationError: They differ.
        """
        self.checks += 1
        held = self._held()
        found = list(islice(differences(self.oracle.org.contents(), held), SHOWN))
        lines = self._rejected.lines()
        must = {self._rejected.name(place, item) for place, item in self.oracle.refused}
        found += [f"not in the rejected file: {line}" for line in islice(must - lines, SHOWN)]
        extra = lines - self._rejected.allowed
        found += [f"must not be in the rejected file: {line}" for line in islice(extra, SHOWN)]
        if found:
            raise ViolationError("\n  ".join([f"at the {when}:", *found]))

    def check_end(self) -> None:
        """Check a run that wrote all it may.

        Raises:
            ViolationError: Something is owed, or not as it must be.
        """
        if self.owed:
            raise ViolationError(f"{len(self.owed)} STATEs never came back")
        self.check_org("end")


def _line(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def complete(stream: str) -> bytes:
    """Return the line that says that *stream* was read whole."""
    status = {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}
    trace = {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": status}
    return _line({"type": "TRACE", "trace": trace})
