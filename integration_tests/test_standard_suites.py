"""The CDK's own standard tests for sources and for destinations, run against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.demo.setup import example
from integration_tests.standard_suite import Suite, run
from sandbox.serve import Running, running

CONFIG = {"config_path": "config.json"}
CONNECTION = {
    "tests": [{**CONFIG, "status": "succeed"}, {"config_path": "refused.json", "status": "failed"}]
}
SPEC = {"tests": [{"config_path": "spec.json"}]}  # a file of its own: no catalog comes with it


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    with running(people=100) as servers:
        yield servers


def source_suite(box: Running) -> Suite:
    settings = {
        "app_api_key": box.app_api_key,
        "api_url": box.customerio,
        "segments": ["7", "9"],
        "attributes": ["plan"],
        "requests_per_second": 10,
    }
    refused = {**settings, "app_api_key": "x"}
    sections = ("discovery", "basic_read", "full_refresh")
    return Suite(
        "source-customerio-segments",
        "SourceCustomerioSegments",
        {"config": settings, "spec": settings, "refused": refused},
        {"spec": SPEC, "connection": CONNECTION} | {each: {"tests": [CONFIG]} for each in sections},
    )


def destination_suite(box: Running, folder: Path) -> Suite:
    auth = {"type": "refresh_token", **box.salesforce_auth["refresh_token"]}
    settings: dict[str, Any] = {
        **example("destination_config"),
        "auth": auth,
        "login_url": box.salesforce,
        "object_storage_config": {"storage_type": "File", "url": f"file://{folder}/rejected"},
    }
    refused = {**settings, "auth": {**auth, "refresh_token": "revoked"}}
    return Suite(
        "destination-salesforce-intro",
        "DestinationSalesforceIntro",
        {"config": settings, "spec": settings, "refused": refused},
        {"spec": SPEC, "connection": CONNECTION},
    )


def test_source_passes_the_standard_suite(box: Running, tmp_path: Path) -> None:
    done = run(source_suite(box), tmp_path)

    assert done.exit_code == 0, done.output[-4_000:]
    assert done.passed >= {
        "test_spec",
        "test_check",
        "test_discover",
        "test_basic_read",
        "test_fail_read_with_bad_catalog",
        "test_config_matches_spec",
    }
    assert "DiscoveredCatalogWarning" not in done.output


def test_destination_passes_the_standard_suite(box: Running, tmp_path: Path) -> None:
    done = run(destination_suite(box, tmp_path), tmp_path)

    assert done.exit_code == 0, done.output[-4_000:]
    assert done.passed >= {"test_check", "test_config_matches_spec"}
