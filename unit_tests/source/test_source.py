"""The same source behind the CDK's interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.models import (
    AirbyteMessageSerializer,
    AirbyteStateMessageSerializer,
    SyncMode,
)
from airbyte_cdk.sources import Source
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput, discover, read

from sandbox.serve import Running, running
from source_customerio_segments.source import SourceCustomerioSegments

STREAMS = ("profiles", "segment_memberships")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(people=100) as servers:
        yield servers


@pytest.fixture
def source() -> Source:
    return SourceCustomerioSegments()


def config(sandbox: Running, **settings: Any) -> dict[str, Any]:
    address = {"app_api_key": sandbox.app_api_key, "api_url": sandbox.customerio}
    return {**address, "segments": ["9"], "requests_per_second": 10, **settings}


def sync(
    source: Source, settings: dict[str, Any], state: Any = None, *streams: str
) -> EntrypointOutput:
    catalog = CatalogBuilder()
    for name in streams or STREAMS:
        catalog = catalog.with_stream(name, SyncMode.incremental)
    failing = bool(streams)
    return read(source, settings, catalog.build(), state, expecting_exception=failing)


def told(output: EntrypointOutput, kind: str) -> list[Any]:
    """The messages of one type, as plain JSON."""
    plain = map(AirbyteMessageSerializer.dump, output.get_message_iterator())
    return [message[kind] for message in plain if message.get(kind)]


def last_error(output: EntrypointOutput) -> Any:
    return [trace["error"] for trace in told(output, "trace") if trace.get("error")][-1]


def test_catalog_is_the_same(source: Source, sandbox: Running) -> None:
    output = discover(source, config(sandbox))
    catalog = output.catalog.catalog

    assert catalog is not None
    assert {*STREAMS, "segments"} <= {stream.name for stream in catalog.streams}


def test_read_resumes_from_the_states_the_cdk_hands_back(source: Source, sandbox: Running) -> None:
    members = set(sandbox.customerio_control.truth()["segments"]["9"])

    first = sync(source, config(sandbox))
    last = {m["stream"]["stream_descriptor"]["name"]: m for m in told(first, "state")}
    states = [AirbyteStateMessageSerializer.load(each) for each in last.values()]
    second = sync(source, config(sandbox), states)

    for stream in STREAMS:
        records = [r["data"] for r in told(first, "record") if r["stream"] == stream]
        assert {record["cio_id"] for record in records} == members
    assert told(second, "record") == []


def test_unknown_stream_is_a_config_error(source: Source, sandbox: Running) -> None:
    output = sync(source, config(sandbox), None, "people")

    assert last_error(output)["failure_type"] == "config_error"
    assert "people" in last_error(output)["message"]


def test_trouble_with_a_stream_fails_the_read_after_everything_else(
    source: Source, sandbox: Running
) -> None:
    control = sandbox.customerio_control
    control.fault({"status": 400}, times=None, path="/membership")
    output = sync(source, config(sandbox), None, "segment_memberships")
    control.clear_faults()

    assert "INCOMPLETE" in str(output.get_stream_statuses("segment_memberships")[-1])
    assert last_error(output)["failure_type"] == "system_error"


def test_key_reaches_no_log_and_no_file(
    source: Source, sandbox: Running, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    assert source.configure(config(sandbox), str(tmp_path)) == config(sandbox)
    assert list(tmp_path.iterdir()) == []
    output = sync(source, config(sandbox, app_api_key="k3y-of-another"), None, "profiles")
    assert output.errors
    assert "k3y-of-another" not in str(list(output.get_message_iterator()))
