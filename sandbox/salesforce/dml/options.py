"""What a writer asks for besides its rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Body and headers of a write.

    *all_or_none*: one failure undoes everything. *auto_assign*: assignment rules give the records
    an owner (``Sforce-Auto-Assign``, on over REST unless it says FALSE). *save_duplicates*: a
    duplicate rule that only alerts lets the row through (``Sforce-Duplicate-Rule-Header``).
    """

    all_or_none: bool = False
    auto_assign: bool = False
    save_duplicates: bool = False
