"""Writes fields that others write too, and overwrites nobody's edit.

Theory of operation. A multi-select picklist can only be written whole, so a value that somebody
else puts in between our look-up and our write would be lost. The write is therefore conditional on
the record's ``LastModifiedDate``. That date has whole seconds: an edit in the very second of the
last one cannot be told from it. So each record is read a second time, more than a second after the
look-up, before it is written. If it was the same both times, the second of its date was over when
it was read last, and whatever is edited later carries a later date.

What was edited meanwhile goes back to be looked up and decided again. A lost answer does no harm:
sent again, the update is refused for our own edit, looked up, and found to hold already.

All of this hangs on Salesforce heeding the condition, so that is tried once in a sync: an update on
a condition that cannot hold must be refused.

It costs a call for 1,000 rows to read them and one for 25 to write them, and never goes by Bulk,
which knows no condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from destination_salesforce_intro.changes import Found, Row
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.org.lookup import read
from destination_salesforce_intro.org.schema import FieldSchema
from destination_salesforce_intro.org.soql import Query
from destination_salesforce_intro.salesforce.answers import Answer
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.conditional import (
    MAX_PARTS,
    Conditional,
    conditional,
    decode,
    edited,
    request,
)
from destination_salesforce_intro.salesforce.rounds import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    PASSING,
    ROUNDS,
    given_up,
)

# Between the two looks: the second that has to be over, and one for clocks that disagree.
APART_S = 2.0
ID = FieldSchema(name="Id", type="id")

Ask = Callable[[Sequence[str]], Iterable[Mapping[str, Any]]]
Send = Callable[[Sequence[Row]], Iterable[Answer]]


class ConditionalSender:
    """Sends updates that have a condition, and hands all other rows on.

    Args:
        client: Writes.
        ask: Runs SOQL statements and returns their records.
        others: Sends the rows without a condition.
        sleep: Waits that many seconds.
    """

    def __init__(
        self, client: SalesforceClient, ask: Ask, others: Send, sleep: Callable[[float], None]
    ) -> None:
        self._client = client
        self._ask = ask
        self._others = others
        self._sleep = sleep
        self._is_proven = False

    def send(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """Write *rows* and yield one final answer for each.

        Raises:
            ConnectorError: As `Sender.send`.
        """
        bound = list(conditional(rows))
        if not bound:
            yield from self._others(rows)
            return
        apart = {id(each.row) for each in bound}
        yield from self._others([row for row in rows if id(row) not in apart])
        self._sleep(APART_S)
        yield from self._where_unchanged(bound)

    def _where_unchanged(self, bound: Sequence[Conditional]) -> Iterator[Answer]:
        now = {found.id: found for found in self._look_again(bound)}
        yield from (edited(each.row) for each in bound if now.get(each.row.id) != each.seen)
        yield from self._patiently([each for each in bound if now.get(each.row.id) == each.seen])

    def _look_again(self, bound: Iterable[Conditional]) -> Iterator[Found]:
        for (name, fields), group in groupby(bound, lambda each: each.look):
            statements = Query(name, fields, ID).texts(each.row.id for each in group)
            yield from (read(record, fields) for record in self._ask(statements))

    def _patiently(self, bound: Sequence[Conditional]) -> Iterator[Answer]:
        """Send in rounds: first all, then what was refused for now (a lock, say)."""
        wait, last = FIRST_WAIT_S, list[Answer]()
        for _ in range(ROUNDS):
            answers = list(self._round(bound))
            yield from (answer for answer in answers if answer.verdict not in PASSING)
            last = [answer for answer in answers if answer.verdict in PASSING]
            if not last:
                return
            bound = list(conditional(answer.row for answer in last))
            self._sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT_S)
        yield from map(given_up, last)

    def _round(self, bound: Sequence[Conditional]) -> Iterator[Answer]:
        if bound and not self._is_proven:
            self._prove(bound[0])
        for first in range(0, len(bound), MAX_PARTS):
            yield from self._exchange(bound[first : first + MAX_PARTS])

    def _prove(self, one: Conditional) -> None:
        """See that Salesforce heeds conditions.

        Raises:
            ConnectorError: CONFIG; it does not.
        """
        [answer] = self._exchange([one.impossible()])
        if answer.verdict is None:
            raise ConnectorError(
                f"Salesforce wrote a {one.row.object} on a condition that cannot hold "
                "(If-Unmodified-Since 1970), so what others put into the same picklist could be "
                'lost. Use the kind "flag" for these segments.',
                Fault.CONFIG,
            )
        self._is_proven = answer.verdict is Verdict.LOOK_AGAIN

    def _exchange(self, packed: Sequence[Conditional]) -> list[Answer]:
        return decode(packed, self._client.json(request(packed, self._client.base_path)))
