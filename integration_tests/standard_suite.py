"""Run the CDK's own standard tests on one of the connectors, in a folder laid out as they expect.

The suites take names, settings and expectations from a connector's folder, and must run in a
process of their own: their pytest plugin claims every argument called ``scenario``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PLUGIN = 'pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]\n'
SUITE = """
from pathlib import Path
from airbyte_cdk.test.standard_tests.{kind}_base import {base}
from {module} import {connector}


class TestConnector({base}):
    connector = {connector}

    @classmethod
    def get_connector_root_dir(cls):
        return Path(__file__).parent
"""


@dataclass(frozen=True)
class Suite:
    """What a connector is tested with.

    Args:
        name: Of the connector, ``source-…`` or ``destination-…``.
        connector: Name of its class for the CDK, in the module of the connector's kind.
        configs: Settings by name, each of them a file beside the tests.
        tests: The ``acceptance_tests`` part of ``acceptance-test-config.yml``.
    """

    name: str
    connector: str
    configs: Mapping[str, Mapping[str, Any]]
    tests: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """How the tests went; *passed* names those that passed."""

    exit_code: int
    passed: frozenset[str]
    output: str


def run(suite: Suite, parent: Path) -> Done:
    """Lay the connector's folder out in *parent*, and run the tests that need no image."""
    folder = parent / suite.name
    _lay_out(suite, folder)
    line = [sys.executable, "-m", "pytest", "-q", "-rA", "-m", "not image_tests"]
    done = subprocess.run(
        [*line, "-p", "no:cacheprovider", "--rootdir", folder, "-c", os.devnull, "test_suite.py"],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(parent)},  # the suite leaves configs with keys there
        capture_output=True,
        text=True,
        check=False,
    )
    passed = re.findall(r"PASSED .*::(test_\w+)", done.stdout)
    return Done(done.returncode, frozenset(passed), done.stdout)


def _lay_out(suite: Suite, folder: Path) -> None:
    folder.mkdir()
    for name, content in suite.configs.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    acceptance = {
        "connector_image": f"airbyte-customerio-salesforce/{suite.name}:dev",
        "acceptance_tests": suite.tests,
    }
    (folder / "acceptance-test-config.yml").write_text(yaml.safe_dump(acceptance))
    described = ROOT / "connectors" / suite.name / "metadata.yaml"
    (folder / "metadata.yaml").write_text(described.read_text())
    (folder / "conftest.py").write_text(PLUGIN)
    (folder / "test_suite.py").write_text(_code(suite))


def _code(suite: Suite) -> str:
    kind = suite.name.split("-", maxsplit=1)[0]
    return SUITE.format(
        kind=kind,
        base=f"{kind.title()}TestSuiteBase",
        module=f"{suite.name.replace('-', '_')}.{kind}",
        connector=suite.connector,
    )
