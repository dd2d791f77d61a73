"""One Salesforce org: its objects, its records in SQLite, its sessions, its daily requests.

Nothing here knows HTTP, and nothing outside ``dml`` and ``control`` writes records.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from sandbox.salesforce import tables
from sandbox.salesforce.ids import number_of, record_id
from sandbox.salesforce.interference import Interference
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.settings import Settings
from sandbox.salesforce.standard_objects import standard_objects

# SQL for the members of a list given as one parameter, of which SQLite takes only so many.
ONE_OF = "(SELECT value FROM json_each(?))"

ORGANIZATION_ID = record_id("00D", 1)
INTEGRATION_USER_ID = record_id("005", 1)
INTEGRATION_USERNAME = "integration@sandbox.example"


@dataclass
class Writes:
    """How much clients wrote: rows by object and verb, ``("Contact", "created")``, and calls."""

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: int = 0


# What a day allows, as /limits calls it.
REQUESTS = "DailyApiRequests"
BULK_BATCHES = "DailyBulkApiBatches"  # of up to 10,000 rows of ingest jobs
QUERY_JOBS = "DailyBulkV2QueryJobs"


@dataclass
class Daily:
    """What all clients may use of something in 24 hours, and have used."""

    max: int
    used: int = 0

    @property
    def left(self) -> int:
        """How much of it is left; a client may have used more than there was."""
        return max(0, self.max - self.used)

    def take(self, count: int = 1) -> bool:
        """Count *count* as used; False when the day's is used up already."""
        if not self.left:
            return False
        self.used += count
        return True


class Org:
    """An org. ``Org.open(":memory:")`` makes a new one, a path reopens what is there."""

    def __init__(self, db: sqlite3.Connection, objects: Sequence[SObject]) -> None:
        self.db = db
        self.objects = {each.name.lower(): each for each in objects}
        self.sessions = Sessions()
        self.daily = {
            REQUESTS: Daily(100_000),
            BULK_BATCHES: Daily(15_000),
            QUERY_JOBS: Daily(10_000),
        }
        self.settings = Settings()
        self.interference = Interference()
        self.writes = Writes()
        self._last_numbers: dict[str, int] = {}

    @classmethod
    def open(cls, path: str) -> Org:
        """Open the org kept at *path*, a new standard org if there is none."""
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # The file must outlive a killed process, which it does; not a power cut.
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = WAL")
        saved = tables.load_definitions(db)
        org = cls(db, saved)
        if not saved:
            org._found()
        return org

    def _found(self) -> None:
        with self.transaction():
            for each in standard_objects():
                self.define(each)
            self.db.execute(
                'INSERT INTO "User" ("Id", "Username", "LastName", "Email", "IsActive",'
                ' "CreatedDate", "LastModifiedDate", "SystemModstamp")'
                " VALUES (?, ?, 'Integration User', ?, 1, ?, ?, ?)",
                (INTEGRATION_USER_ID, *[INTEGRATION_USERNAME] * 2, *[self.now()] * 3),
            )

    def define(self, sobject: SObject) -> None:
        """Create *sobject*, or change it to what is given; records and old columns stay."""
        with self.transaction():
            tables.create(self.db, sobject)
            tables.save_definition(self.db, sobject)
        self.objects[sobject.name.lower()] = sobject

    def sobject(self, name: str) -> SObject:
        """Return the object called *name* in any case.

        Raises:
            LookupError: The org has no such object.
        """
        try:
            return self.objects[name.lower()]
        except KeyError:
            raise LookupError("no such object") from None

    def children(self, parent: SObject) -> list[tuple[SObject, Field]]:
        """Return every object and field that may refer to a record of *parent*."""
        return [
            (each, by)
            for each in self.objects.values()
            for by in each.fields.values()
            if parent.name in by.reference_to
        ]

    def next_id(self, sobject: SObject) -> str:
        """Return an Id no record of the object has, greater than all of them."""
        last = self._last_numbers.get(sobject.name)
        if last is None:
            [[newest]] = self.rows(f'SELECT max("Id") FROM "{sobject.name}"')  # noqa: S608  -- names of the schema
            last = number_of(newest) if newest else 0
        self._last_numbers[sobject.name] = last + 1
        return record_id(sobject.key_prefix, last + 1)

    def now(self) -> str:
        """Return the time as Salesforce writes it: ``2026-01-02T03:04:05.000+0000``."""
        moment = datetime.fromtimestamp(time.time(), timezone.utc)
        return moment.isoformat(timespec="milliseconds")[:23] + "+0000"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that happens inside happen together or, on an exception, not at all."""
        self.db.execute("SAVEPOINT here")
        rows = self.writes.rows.copy()
        try:
            yield
        except BaseException:
            self.writes.rows = rows
            self.db.execute("ROLLBACK TO here")
            self.db.execute("RELEASE here")
            raise
        self.db.execute("RELEASE here")

    @contextmanager
    def behind_the_scenes(self) -> Iterator[None]:
        """Let what happens inside meet no lock or trigger, and count for nothing."""
        interference, writes = self.interference, self.writes
        self.interference, self.writes = Interference(), Writes()
        try:
            yield
        finally:
            self.interference, self.writes = interference, writes

    def issue_token(self, username: str) -> str:
        """Return a new access token for *username*."""
        return self.sessions.issue(username)

    def session_ok(self, token: str) -> bool:
        """Whether *token* opens the API; a request may be what ends it."""
        return self.sessions.ok(token)

    def expire_sessions(self) -> None:
        """End every session."""
        self.sessions.expire()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows; a list among *values* is for ``ONE_OF``."""
        given = [json.dumps(each) if isinstance(each, list) else each for each in values]
        return self.db.execute(sql, given).fetchall()


def to_the_second(moment: str) -> str:
    """Cut the milliseconds of *moment*, as Salesforce does in ``LastModifiedDate``."""
    return f"{moment[:19]}.000{moment[23:]}"
