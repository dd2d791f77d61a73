"""The settings: what is accepted, what is refused, and in which words."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault

KEY = "k3y-that-nobody-may-see"


def parse(**settings: Any) -> Config:
    return Config.parse({"app_api_key": KEY, **settings})


def refusal(**settings: Any) -> str:
    with pytest.raises(ConnectorError) as caught:
        parse(**settings)
    assert caught.value.fault is Fault.CONFIG
    return caught.value.message


def test_key_alone_is_enough() -> None:
    config = parse()

    assert config.base_url == "https://api.customer.io"
    assert config.requests_per_second == 8
    assert config.segments == ()


def test_key_pasted_with_its_line_end_is_trimmed() -> None:
    assert parse(app_api_key=f" {KEY}\n").app_api_key.get_secret_value() == KEY


@pytest.mark.parametrize("key", ["", " \n", "two words", "schlüssel", "tab\there"])
def test_key_that_cannot_be_one_is_refused(key: str) -> None:
    assert "app_api_key" in refusal(app_api_key=key)


def test_key_shows_in_no_repr() -> None:
    assert KEY not in repr(parse())
    assert KEY not in str(parse().model_dump())


@pytest.mark.parametrize(
    "settings",
    [
        {"requests_per_second": 10.5},
        {"requests_per_second": 0},
        {"region": "mars"},
        {"segments": [" "]},
        {"segments": [None]},
        {"segments": [True]},
        {"cadence": [{"segment": "7"}]},
        {"cadence": [{"segment": "7", "every_minutes": 0}]},
        {"max_exit_percent": 101},
        {"on_segment_gone": "panic"},
        {"max_state_megabytes": 0},
        {"attribute_refresh_minutes": -1},
        {"start_date": "yesterday"},
        {"start_date": 1_790_000_000},
    ],
    ids=str,
)
def test_setting_out_of_range_is_refused_by_name(settings: dict[str, Any]) -> None:
    assert next(iter(settings)) in refusal(**settings)


def test_several_mistakes_are_told_at_once_without_their_values() -> None:
    message = refusal(app_api_key="oh no", region="mars", segmnets=["secret-name"])

    assert all(name in message for name in ("app_api_key", "region", "segmnets"))
    assert "oh no" not in message
    assert "secret-name" not in message


def test_missing_key_is_named() -> None:
    with pytest.raises(ConnectorError, match="app_api_key is missing"):
        Config.parse({})


def test_failure_carries_no_input_in_its_chain() -> None:
    with pytest.raises(ConnectorError) as caught:
        parse(app_api_key="oh no")

    assert caught.value.__suppress_context__


def test_framework_keys_are_passed_over() -> None:
    assert parse(_limit=5, __injected_declarative_manifest={}) == parse()


def test_segments_may_be_written_as_numbers() -> None:
    config = parse(segments=[7, "VIP"], cadence=[{"segment": 7, "every_minutes": 60}])

    assert config.segments == ("7", "VIP")
    assert config.cadence[0].segment == "7"


@pytest.mark.parametrize(
    "text", ["2026-11-01", "2026-11-01T00:00:00Z", "2026-11-01T01:00:00+01:00"]
)
def test_start_date_is_an_instant(text: str) -> None:
    assert parse(start_date=text).start_date == datetime(2026, 11, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("https://proxy.example.com/cio/", "https://proxy.example.com/cio"),
        ("", "https://api-eu.customer.io"),
    ],
)
def test_api_url_takes_the_place_of_the_region(url: str, expected: str) -> None:
    assert parse(region="eu", api_url=url).base_url == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://api.customer.io",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "https://user:pass@host",
        "https://host/?a=b",
        "https://host/v1",
        "https://",
        "host",
    ],
)
def test_api_url_that_could_leak_the_key_or_cannot_work_is_refused(url: str) -> None:
    message = refusal(api_url=url)

    assert "api_url" in message
    assert "pass@" not in message
