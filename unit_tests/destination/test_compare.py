"""Salesforce's own spelling of a value counts as that value."""

from typing import Any

import pytest

from destination_salesforce_intro.org.compare import holds
from destination_salesforce_intro.org.schema import FieldSchema


@pytest.mark.parametrize(
    ("type_", "stored", "wanted"),
    [
        ("string", None, None),
        ("string", "", None),
        ("boolean", None, False),
        ("boolean", False, False),
        ("boolean", True, True),
        ("double", 12.0, 12),
        ("double", 12.35, 12.345),
        ("double", 12345678901234568.0, 12345678901234568),
        ("datetime", "2026-01-02T03:04:05.000+0000", "2026-01-02T03:04:05.678Z"),
        ("datetime", "2026-01-02T05:04:05.000+0200", "2026-01-02T03:04:05.000Z"),
        ("date", "2026-01-02", "2026-01-02"),
        ("multipicklist", "a;b", "b;a"),
        ("textarea", "a\nb", "a\r\nb"),
        ("reference", "001xx000003DGb2AAG", "001xx000003DGb2AAG"),
    ],
)
def test_same_value_in_another_spelling_is_held(type_: str, stored: Any, wanted: Any) -> None:
    assert holds(stored, wanted, FieldSchema(name="F", type=type_, scale=2))


@pytest.mark.parametrize(
    ("type_", "stored", "wanted"),
    [
        ("string", "a", "A"),
        ("string", "a", None),
        ("string", None, "a"),
        ("boolean", None, True),
        ("double", 0, None),
        ("double", None, 0),
        ("double", 12.34, 12.35),
        ("double", 12.34, 1e57),
        ("double", 12.34, 1e300),
        ("datetime", "2026-01-02T03:04:05.000+0000", "2026-01-02T03:04:06.000Z"),
        ("multipicklist", "a;b", "a"),
        ("date", "2026-01-02", "2026-01-03"),
    ],
)
def test_other_value_is_not_held(type_: str, stored: Any, wanted: Any) -> None:
    assert not holds(stored, wanted, FieldSchema(name="F", type=type_, scale=2))


def test_number_of_unknown_scale_is_compared_exactly() -> None:
    assert not holds(12.4, 12.41, FieldSchema(name="F", type="double"))
