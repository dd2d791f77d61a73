"""The books of one run of the destination: what was sent, what came back, and whether it is true.

Every acknowledgement is checked: its form, its counts, the org, the rejected file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from integration_tests.soak_destination.model import Contents, differences
from integration_tests.soak_destination.oracle import Oracle
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


class Rejected:
    """The rejected records that may be and those that are in a folder."""

    def __init__(self, folder: Path, mappings: Iterable[Json]) -> None:
        self._folder = folder
        self._mappings = list(mappings)
        self.allowed: set[str] = set()

    def name(self, place: int, item: Item) -> str:
        """Name the line that *item* must have when the mapping at *place* refuses it."""
        mapping = self._mappings[place]
        kind = mapping["kind"]
        about = "CampaignMember" if kind == "campaign_member" else mapping["object"]
        return json.dumps([item.stream, kind, about, item.data], sort_keys=True)

    def allow_all(self, items: Iterable[Item]) -> None:
        """Let *items* be there: what becomes of them is open."""
        self.allowed |= {
            self.name(place, item)
            for item in items
            for place, mapping in enumerate(self._mappings)
            if mapping["stream"] == item.stream
        }

    def lines(self) -> set[str]:
        """Read what is there."""
        if not self._folder.exists():
            return set()
        files = [path.read_text("utf-8") for path in sorted(self._folder.iterdir())]
        parsed = [json.loads(line) for text in files for line in text.splitlines()]
        return {
            json.dumps([p["stream"], p["kind"], p["object"], p["record"]], sort_keys=True)
            for p in parsed
        }


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
        self.checks = 0
        self.is_exact = exact_from < 0
        self._held = held
        self._rejected = rejected
        self._exact_from = exact_from
        self._unflushed: list[Item] = []
        self._since: dict[str, list[Item]] = {}
        self._number = 0
        self._has_ended = False

    def record(self, told: Told) -> bytes:
        """Book a record and return its line."""
        self._number += 1
        item = Item(self._number, *told)
        self._unflushed.append(item)
        self._since.setdefault(item.stream, []).append(item)
        record = {"stream": item.stream, "data": item.data, "emitted_at": 1}
        return _line({"type": "RECORD", "record": record})

    def state(self, stream: str, window: int) -> bytes:
        """Book a STATE and return its line; the oracle learns what came before it."""
        self._flush(window)
        number = len(self.outstanding) + 1000 * window
        inner = {"stream_descriptor": {"name": stream}, "stream_state": {"window": window}}
        state = {"type": "STREAM", "stream": inner, "id": number, "unheard_of": {"k": [1]}}
        message = {"type": "STATE", "state": state}
        covers = tuple(self._since.pop(stream, ()))
        self.outstanding.append(Sent(message, stream, covers, window, self.is_exact))
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
        self._has_ended = True
        self._flush(self._exact_from, is_last=True)

    @property
    def uncovered(self) -> set[int]:
        """The numbers of the records that no STATE which came back covers."""
        since = (item for items in self._since.values() for item in items)
        return {item.number for sent in self.outstanding for item in sent.covers} | {
            item.number for item in since
        }

    @property
    def owes(self) -> int:
        """How many STATEs must come back now."""
        return len(self.outstanding) if self.oracle.is_settled else 0

    def acknowledge(self, message: Json) -> None:
        """Check a STATE that came back.

        Raises:
            ViolationError: A promise is broken.
        """
        if not self.outstanding:
            raise ViolationError("a STATE came back that was never sent, or twice")
        sent = self.outstanding.pop(0)
        _check_echo(sent, message)
        if self.is_exact and not self.oracle.is_settled:
            raise ViolationError(f"window {sent.window}: acknowledged while a record waits")
        self._check_counts(sent, message["state"].get("destinationStats") or {})
        self.acknowledged[sent.stream] = sent.window
        # A later window that is still owed may be half written: the org is looked at after it.
        if self.is_exact and all(each.window == sent.window for each in self.outstanding):
            self.check_org(f"acknowledgement of window {sent.window}")

    def _check_counts(self, sent: Sent, stats: Json) -> None:
        stored, refused = stats.get("recordCount"), stats.get("rejectedRecordCount")
        numbers = {item.number for _, item in self.oracle.refused}
        wanted = sum(item.number in numbers for item in sent.covers)
        if (stored or 0) + (refused or 0) != len(sent.covers):
            raise ViolationError(
                f"window {sent.window} {sent.stream}: {len(sent.covers)} records sent, "
                f"{stored} + {refused} accounted for"
            )
        if sent.is_exact and refused != wanted:
            raise ViolationError(
                f"window {sent.window} {sent.stream}: {wanted} records must be refused, "
                f"{refused} were"
            )

    def check_org(self, when: str) -> None:
        """Compare the org and the rejected records with what they must be.

        Raises:
            ViolationError: They differ.
        """
        self.checks += 1
        found = list(islice(differences(self.oracle.org.contents(), self._held()), SHOWN))
        lines = self._rejected.lines()
        must = {self._rejected.name(place, item) for place, item in self.oracle.refused}
        found += [f"not in the rejected file: {line}" for line in islice(must - lines, SHOWN)]
        extra = lines - self._rejected.allowed
        found += [f"must not be in the rejected file: {line}" for line in islice(extra, SHOWN)]
        if found:
            raise ViolationError("\n  ".join([f"at the {when}:", *found]))

    def check_end(self) -> None:
        """Check a run that ended well.

        Raises:
            ViolationError: Something is owed, or not as it must be.
        """
        if self.outstanding:
            raise ViolationError(f"{len(self.outstanding)} STATEs never came back")
        self.check_org("end")


def _line(message: Json) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def _check_echo(sent: Sent, message: Any) -> None:
    state = {k: v for k, v in message["state"].items() if k != "destinationStats"}
    if {**message, "state": state} != sent.message:
        raise ViolationError(f"window {sent.window}: the STATE did not come back as it went")
