"""``docs/sandbox.md`` names everything that can be asked of the sandbox."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.__main__ import parser
from sandbox.customerio.control.endpoints import OPERATIONS
from sandbox.faults import Fault

DOCS = Path(__file__).parents[2].joinpath("docs", "sandbox.md").read_text(encoding="utf-8")
DEFINITIONS: dict[str, dict[str, Any]] = OPERATIONS.json_schema()["$defs"]
FIELDS = {
    (one["properties"]["op"]["const"], name)
    for one in DEFINITIONS.values()
    if "op" in one["properties"]
    for name in one["properties"]
}
ACTIONS = {
    name
    for kind, one in Fault.model_json_schema()["$defs"].items()
    if kind not in {"Match", "Request"}
    for name in one["properties"]
}


def row(operation: str) -> str:
    return next(line for line in DOCS.splitlines() if line.startswith("| `") and operation in line)


@pytest.mark.parametrize(("operation", "field"), sorted(FIELDS))
def test_every_operation_and_field_is_in_the_table(operation: str, field: str) -> None:
    assert field == "op" or f"`{field}`" in row(operation)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_of_a_fault_is_in_the_table(action: str) -> None:
    assert f'"{action}": ' in DOCS


def test_every_option_of_the_command_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["serve", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}

    assert options
    assert {option for option in options if option not in DOCS} == set()
