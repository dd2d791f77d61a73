"""Which segments are due: the setting ``cadence``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from source_customerio_segments.config import Cadence
from source_customerio_segments.segments.selection import named

MINUTE_MS = 60_000
# Runs are started a little earlier or later than planned; "once a day" must not become every
# other day because today's run began a few seconds sooner than yesterday's.
EARLY_PERCENT = 5


def intervals(cadence: Iterable[Cadence], names: Mapping[int, str]) -> dict[int, int]:
    """Return minutes between reads by segment id; of several rules for one segment the last."""
    return {key: rule.every_minutes for rule in cadence for key in named([rule.segment], names)}


def is_due(every_minutes: int, last_reads: Sequence[int], now_ms: int) -> bool:
    """Tell whether a segment is to be read: any stream read it long enough ago, or never.

    A read in the future means that the clock has gone back: then nobody knows how long ago.

    Args:
        every_minutes: The interval; 0 reads at every sync.
        last_reads: When each stream read it last, epoch milliseconds, 0 for never.
        now_ms: When this sync began.
    """
    least_ms = every_minutes * MINUTE_MS * (100 - EARLY_PERCENT) // 100
    return any(not at <= now_ms < at + least_ms for at in last_reads)
