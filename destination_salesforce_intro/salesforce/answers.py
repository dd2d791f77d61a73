"""What became of one row at Salesforce: the word that REST and Bulk have in common."""

from __future__ import annotations

from typing import Literal, NamedTuple

from destination_salesforce_intro.changes import Row
from destination_salesforce_intro.errors import Verdict

Verb = Literal["create", "upsert", "update", "delete"]


class Refusal(NamedTuple):
    """One error as Salesforce words it; *message* may quote values and is never logged."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


EDITED = Refusal("EDITED_MEANWHILE", "somebody else edited the record after it was looked up")
LOST = Refusal("ANSWER_LOST", "the answer was lost; the row may or may not have been written")


class Answer(NamedTuple):
    """Salesforce's word on *row*: stored when *verdict* is None, else refused, and what to do."""

    row: Row
    verdict: Verdict | None
    created: bool = False
    refusal: Refusal = Refusal("", "")
