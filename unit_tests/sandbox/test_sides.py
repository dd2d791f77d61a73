"""The two stand-ins know nothing of each other, and what is pure stays pure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SANDBOX = Path(__file__).parents[2] / "sandbox"
SIDES = {"customerio", "salesforce"}
PURE = ["faults", *(f"customerio/{n}" for n in ("conditions", "filters", "ids", "limiter"))]
IMPURE = {"aiohttp", "asyncio", "logging", "random", "requests", "socket", "sqlite3", "time"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("side", sorted(SIDES))
def test_a_side_imports_nothing_of_the_other(side: str) -> None:
    (other,) = SIDES - {side}
    modules = sorted(SANDBOX.joinpath(side).rglob("*.py"))
    wrong = [
        (module.name, name)
        for module in modules
        for name in imports(module)
        if name.startswith(f"sandbox.{other}")
    ]

    assert modules
    assert wrong == []


@pytest.mark.parametrize("module", PURE)
def test_what_is_called_pure_imports_nothing_that_acts(module: str) -> None:
    found = imports(SANDBOX / f"{module}.py")

    assert found
    assert {name for name in found if name.split(".")[0] in IMPURE} == set()
