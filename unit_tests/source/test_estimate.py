"""Requests and minutes of a first sync, worked out from sizes."""

from __future__ import annotations

import pytest

from source_customerio_segments.changes import Profile
from source_customerio_segments.estimate import first_sync, without_holder


@pytest.mark.parametrize(
    ("sizes", "rate", "words"),
    [
        ([], 8, "0 memberships in 0 segments takes at most 2 requests, 0 of them"),
        ([0], 8, "0 memberships in 1 segments takes at most 4 requests, 0 of them"),
        ([30_001], 8, "at most 306 requests, 301 of them for profiles: about 1 min at 8 "),
        ([1_000_000], 8, "at most 10037 requests, 10000 of them for profiles: about 21 min"),
        ([100, 100], 0.5, "about 1 min at 0.5 requests a second"),
    ],
)
def test_estimate_counts_lists_pages_counts_and_batches(
    sizes: list[int], rate: float, words: str
) -> None:
    assert words in first_sync(sizes, rate).text


def holder(*names: str) -> Profile:
    return Profile("a3000001", None, None, False, dict.fromkeys(names, "x"))


def test_attribute_is_missing_only_if_nobody_has_it() -> None:
    sample = [holder("plan"), holder("ltv")]

    assert without_holder(["plan", "ltv"], sample) == []
    assert len(without_holder(["plan", "Ltv"], sample)) == 1


def test_nobody_sampled_proves_nothing() -> None:
    assert without_holder(["plan"], []) == []
