"""REST or Bulk API for many rows of one target: by number, by pace, by what the day leaves. Pure.

A REST call writes up to 1,000 rows and answers at once. A Bulk job takes about ten calls however
many rows it has, and its time is Salesforce's own ("asynchronous, no SLA", Bulk API guide).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from destination_salesforce_intro.salesforce.batches import MAX_ROWS
from destination_salesforce_intro.salesforce.composite import MAX_BATCHES

WriteApi = Literal["auto", "rest", "bulk"]
Api = Literal["REST", "Bulk API"]
ROWS_OF_A_CALL = MAX_ROWS * MAX_BATCHES
CALLS_OF_A_JOB = 10  # create, upload, close, about four polls, three results
ROWS_OF_A_BATCH = 10_000  # Salesforce cuts a job into these, and counts them against the day's
MANY = 2_000  # from here on Salesforce's guide advises Bulk
SCARCE = 20  # calls are scarce where one way takes more than a twentieth of what is left
CLEARLY = 2  # times quicker; less than that is chance


class Measured(NamedTuple):
    """How long so many rows took lately, in seconds."""

    rows: int
    seconds: float

    def expect(self, rows: int) -> float:
        """Return the seconds that *rows* should take: never less than the fewer did."""
        return self.seconds * max(1.0, rows / self.rows)


class Conditions(NamedTuple):
    """What the choice depends on. None: nobody knows.

    *pace* is how the latest writes went, by API; *calls_left* and *batches_left* are what the day
    leaves above the reserve.
    """

    rows: int
    pace: Mapping[Api, Measured]
    calls_left: int | None = None
    batches_left: int | None = None


class Choice(NamedTuple):
    """The API to use, and why, in words."""

    api: Api
    reason: str


FEW = Choice("REST", f"fewer than {MANY} rows")


def choose(write_api: WriteApi, now: Conditions) -> Choice:
    """Choose the API for the rows of one target."""
    if write_api != "auto":
        return Choice("REST" if write_api == "rest" else "Bulk API", f'"write_api" is {write_api}')
    if now.rows <= ROWS_OF_A_CALL:
        return FEW  # one call: nothing is cheaper or quicker
    return _by_what_is_left(now) or _by_pace(now) or _by_number(now)


def _by_what_is_left(now: Conditions) -> Choice | None:
    if now.batches_left is not None and now.batches_left * ROWS_OF_A_BATCH < now.rows:
        return Choice("REST", "the day's Bulk API batches are used up to the reserve")
    rest = math.ceil(now.rows / ROWS_OF_A_CALL)
    scarce = now.calls_left is not None and max(rest, CALLS_OF_A_JOB) * SCARCE > now.calls_left
    if not scarce or rest == CALLS_OF_A_JOB:
        return None
    api: Api = "REST" if rest < CALLS_OF_A_JOB else "Bulk API"
    return Choice(api, "few API calls are left above the reserve, and this takes fewer")


def _by_pace(now: Conditions) -> Choice | None:
    if len(now.pace) < len(get_args(Api)):
        return None
    quick, slow = sorted(now.pace, key=lambda api: now.pace[api].expect(now.rows))
    if now.pace[quick].expect(now.rows) * CLEARLY >= now.pace[slow].expect(now.rows):
        return None
    return Choice(quick, "at the pace of the latest writes it is quicker")


def _by_number(now: Conditions) -> Choice:
    return FEW if now.rows < MANY else Choice("Bulk API", f"{MANY} rows or more")
