"""The workspace's tables, its clock and its settings. What happens in them is told elsewhere.

SQLite is called inside the event loop: a request is one transaction and no two interleave.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from pydantic import BaseModel, ConfigDict

Identifier = Literal["email", "id"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS people (
    position INTEGER PRIMARY KEY AUTOINCREMENT,  -- membership pages are in this order
    cio_id TEXT NOT NULL UNIQUE,
    id TEXT UNIQUE,
    email TEXT,              -- in the case it was given
    email_key TEXT UNIQUE,   -- lower-cased: as an identifier the case does not count
    attributes TEXT NOT NULL,
    timestamps TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    type TEXT NOT NULL,
    tags TEXT NOT NULL DEFAULT '[]',
    conditions TEXT,                       -- null for a manual segment
    state TEXT NOT NULL DEFAULT 'finished',
    progress INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    visible_percent INTEGER NOT NULL DEFAULT 100,  -- the share of members that reads show
    count_skew INTEGER NOT NULL DEFAULT 0,         -- customer_count is off by this much
    page_drop INTEGER NOT NULL DEFAULT 0           -- members that each page loses
);
CREATE TABLE IF NOT EXISTS memberships (
    segment_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (segment_id, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS memberships_of_person ON memberships (position);
CREATE TABLE IF NOT EXISTS activities (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    name TEXT,
    timestamp INTEGER NOT NULL,
    cio_id TEXT NOT NULL,
    identifiers TEXT NOT NULL,  -- as they were when it happened
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS activities_newest ON activities (timestamp, sequence);
CREATE INDEX IF NOT EXISTS activities_of_person ON activities (cio_id, type, name);
CREATE TABLE IF NOT EXISTS suppressed (identifier TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS settings (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL);
"""


class Settings(BaseModel):
    """What the account's owner could set, and two things only a sandbox has.

    *page_cap* makes membership pages hold at most so many members, whatever ``limit`` says.
    *clock_offset_s* is how far the workspace's clock is ahead of the real one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: Literal["us", "eu"] = "us"
    identifiers: tuple[Identifier, ...] = ("email", "id")
    page_cap: int | None = None
    clock_offset_s: int = 0


class Workspace:
    """An open workspace: the connection, the clock, the settings."""

    def __init__(self, db: sqlite3.Connection, clock: Callable[[], float]) -> None:
        self.db = db
        self._clock = clock
        self.settings = self._load_settings()

    @classmethod
    def open(cls, path: str, clock: Callable[[], float]) -> Workspace:
        """Open the file at *path* (``:memory:`` for none), with its data if it has any.

        Args:
            path: The SQLite file.
            clock: The real time in unix seconds.
        """
        db = sqlite3.connect(path, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(
            "PRAGMA synchronous = OFF"
        )  # survives a killed process; a dead machine it need not
        db.executescript(SCHEMA)
        return cls(db, clock)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything inside, or nothing of it."""
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            self.settings = self._load_settings()
            raise
        self.db.execute("COMMIT")

    def now(self) -> float:
        """Tell the workspace's time in unix seconds."""
        return self._clock() + self.settings.clock_offset_s

    def save_settings(self, settings: Settings) -> None:
        """Replace the settings."""
        self.db.execute("REPLACE INTO settings VALUES (1, ?)", (settings.model_dump_json(),))
        self.settings = settings

    def _load_settings(self) -> Settings:
        row = self.db.execute("SELECT value FROM settings").fetchone()
        return Settings.model_validate_json(row["value"]) if row else Settings()
