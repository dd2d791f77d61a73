"""Creates without a key whose answer was lost: looked for long before they are sent again. Pure.

Salesforce works on a request for up to ten minutes (Salesforce App Limits, API), whatever became of
the connection. Until then a look-up that finds nothing proves nothing, and a second create may
become a second record. So such a row is held back, and looked for at growing intervals, until those
ten minutes are over.
"""

from __future__ import annotations

from collections.abc import Iterable

from destination_salesforce_intro.changes import Create, Identity, Row
from destination_salesforce_intro.salesforce.answers import LOST, Answer

# Before each look; in sum the ten minutes, and early enough for what commits within seconds.
WAITS_S = (4.0, 20.0, 100.0, 480.0)

Key = tuple[int, Identity, str]  # mapping, person, object


class LostCreates:
    """The creates that may still come true, and how often each has been looked for."""

    def __init__(self) -> None:
        self._looks: dict[Key, int] = {}

    def holds(self, row: Row) -> bool:
        """Whether *row* must be looked for again before it is sent."""
        return _is_keyless(row) and self._looks.get(_key(row), len(WAITS_S)) < len(WAITS_S)

    def note(self, answer: Answer) -> bool:
        """Take *answer* down if it is the lost one of such a create, and say whether it is."""
        is_lost = _is_keyless(answer.row) and answer.refusal == LOST
        if is_lost:
            self._looks[_key(answer.row)] = 0
        return is_lost

    def wait_s(self, rows: Iterable[Row]) -> float:
        """Return how long to wait before the next look for *rows*, and count that look."""
        keys = {_key(row) for row in rows}
        self._looks.update({key: self._looks[key] + 1 for key in keys})
        return max((WAITS_S[self._looks[key] - 1] for key in keys), default=0.0)


def _is_keyless(row: Row) -> bool:
    return isinstance(row, Create) and row.key_field is None


def _key(row: Row) -> Key:
    return row.change.mapping, row.change.identity, row.object
