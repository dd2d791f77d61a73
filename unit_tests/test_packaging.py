"""What is shipped: versions agree, the registry files describe these two connectors."""

from importlib.metadata import distribution, requires
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CONNECTORS = ["source-customerio-segments", "destination-salesforce-intro"]


def metadata(connector: str) -> dict[str, Any]:
    text = (ROOT / "connectors" / connector / "metadata.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)["data"]
    return data


@pytest.mark.parametrize("connector", CONNECTORS)
def test_registry_file_names_its_connector_and_version(connector: str) -> None:
    data = metadata(connector)

    assert connector.split("-", maxsplit=1)[0] == data["connectorType"]
    assert connector == data["dockerRepository"].rsplit("/", 1)[1]
    assert distribution("airbyte-customerio-salesforce").version == data["dockerImageTag"]


def test_both_connectors_are_console_scripts() -> None:
    scripts = distribution("airbyte-customerio-salesforce").entry_points.select(
        group="console_scripts"
    )

    assert set(CONNECTORS) == scripts.names


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    unbounded = [
        line
        for line in requires("airbyte-customerio-salesforce") or []
        if ">=" not in line or "<" not in line.split(";")[0]
    ]

    assert unbounded == []
