"""Writing rows through sObject Collections, a thousand a call, until each has its final answer.

Salesforce answers for each row, or refuses a whole batch. A batch that it refuses for what one of
its rows says (a malformed value, its size) is cut in five until that row is alone: five pieces
travel in one request, so each step costs one call, and a row among 200 is found in four. Trouble
that passes (locks, an overload) is waited out in rounds, see ``rounds``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from destination_salesforce_intro.changes import Row
from destination_salesforce_intro.errors import AnswerLost, ConnectorError, Fault, TooLarge, Verdict
from destination_salesforce_intro.salesforce.answers import LOST, Answer, Refusal
from destination_salesforce_intro.salesforce.batches import Batch, batches, cut, parents
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.composite import Part, composite, composites, decode
from destination_salesforce_intro.salesforce.rounds import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    ROUNDS,
    given_up,
    is_final,
    rearranged,
    stuck,
)

TOO_LARGE = Refusal("EXCEEDED_MAX_SIZE_REQUEST", "the request was too large")


class RestWrites:
    """Writes rows to one org."""

    def __init__(self, client: SalesforceClient, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def write(self, rows: Iterable[Row]) -> Iterator[Answer]:
        """Write *rows*, of one parent side by side, and yield a final answer for each.

        No record and no key may be among them twice.

        Raises:
            ConnectorError: A reason that all rows share, or trouble that outlasted every round.
                Some rows may have been written.
        """
        waiting, wait, left = batches(sorted(rows, key=parents)), FIRST_WAIT_S, list[Part]()
        for _ in range(ROUNDS):
            left = []
            for part in self._sent(waiting):
                yield from filter(is_final, part.answers)
                left += filter(None, [stuck(part)])
            if not left:
                return
            waiting = rearranged(left)
            self._sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)
        for part in left:
            yield from (given_up(answer, alone=part.is_isolated) for answer in part.answers)

    def _sent(self, waiting: Iterable[Batch]) -> Iterator[Part]:
        """Send *waiting*; what one row of it spoils goes again at once, in pieces."""
        pieces: list[Batch] = []
        for packed in composites(waiting):
            for part in self._call(packed):
                if part.is_spoilt:
                    pieces += cut(part.batch)
                else:
                    yield part
        if pieces:
            yield from self._sent(pieces)

    def _call(self, packed: Sequence[Batch]) -> list[Part]:
        request = composite(packed, self._client.base_path)
        try:
            return decode(packed, self._client.json(request))
        except AnswerLost:
            return [_as_one(batch, Verdict.LOOK_AGAIN, LOST) for batch in packed]
        except TooLarge as error:
            return self._apart(packed, error)

    def _apart(self, packed: Sequence[Batch], error: TooLarge) -> list[Part]:
        """Send batches one by one that are too large together, and have one cut that is alone."""
        if len(packed) > 1:
            return [part for batch in packed for part in self._call([batch])]
        (batch,) = packed
        if len(batch.rows) == 1:
            raise ConnectorError(error.message, Fault.SYSTEM) from None
        return [_as_one(batch, Verdict.REJECT, TOO_LARGE)]


def _as_one(batch: Batch, verdict: Verdict, refusal: Refusal) -> Part:
    return Part(batch, [Answer(row, verdict, refusal=refusal) for row in batch.rows], as_one=True)
