"""The CDK's own standard tests for sources, run against the sandbox."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.serve import Running, running

ROOT = Path(__file__).parents[1]

SUITE = """
from pathlib import Path
from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase
from source_customerio_segments.source import SourceCustomerioSegments


class TestSource(SourceTestSuiteBase):
    connector = SourceCustomerioSegments

    @classmethod
    def get_connector_root_dir(cls):
        return Path(__file__).parent
"""
PLUGIN = 'pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]\n'
ACCEPTANCE = {
    "connector_image": "airbyte-customerio-salesforce/source-customerio-segments:dev",
    "acceptance_tests": {
        "spec": {"tests": [{"config_path": "spec.json"}]},
        "connection": {
            "tests": [
                {"config_path": "config.json", "status": "succeed"},
                {"config_path": "wrong_key.json", "status": "failed"},
            ]
        },
        "discovery": {"tests": [{"config_path": "config.json"}]},
        "basic_read": {"tests": [{"config_path": "config.json"}]},
        "full_refresh": {"tests": [{"config_path": "config.json"}]},
    },
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(people=100) as servers:
        yield servers


@pytest.fixture
def connector(tmp_path: Path, sandbox: Running) -> Path:
    """Lay out a connector's folder as the suite expects one."""
    folder = tmp_path / "source-customerio-segments"
    folder.mkdir()
    settings = {
        "app_api_key": sandbox.app_api_key,
        "api_url": sandbox.customerio,
        "segments": ["7", "9"],
        "attributes": ["plan"],
        "requests_per_second": 10,
    }
    configs = {"config": settings, "spec": settings, "wrong_key": {**settings, "app_api_key": "x"}}
    for name, content in configs.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "acceptance-test-config.yml").write_text(yaml.safe_dump(ACCEPTANCE))
    (folder / "metadata.yaml").write_text((ROOT / "metadata.yaml").read_text())
    (folder / "conftest.py").write_text(PLUGIN)
    (folder / "test_suite.py").write_text(SUITE)
    return folder


def test_standard_source_suite_passes(connector: Path, tmp_path: Path) -> None:
    line = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-m",
        "not image_tests",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*line, "--rootdir", str(connector), "-c", os.devnull, "test_suite.py"],
        cwd=connector,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # the suite leaves configs with keys there
        capture_output=True,
        text=True,
        check=False,
    )
    passed = set(re.findall(r"PASSED .*::(test_\w+)", done.stdout))

    assert done.returncode == 0, done.stdout[-4_000:]
    assert passed >= {
        "test_spec",
        "test_check",
        "test_discover",
        "test_basic_read",
        "test_fail_read_with_bad_catalog",
        "test_config_matches_spec",
    }
    assert "DiscoveredCatalogWarning" not in done.stdout
