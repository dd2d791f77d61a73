"""The direction of imports: downwards only, frameworks at the rim, packages apart."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE, DESTINATION = "source_customerio_segments", "destination_salesforce_intro"
PACKAGES = [SOURCE, DESTINATION]

# A module not named here may import none of these.
ONLY_IN = {
    "airbyte_cdk": {
        f"{SOURCE}.run",
        f"{SOURCE}.source",
        f"{DESTINATION}.run",
        f"{DESTINATION}.destination",
    },
    "requests": {
        f"{SOURCE}.api.client",
        f"{SOURCE}.api.connection",
        f"{DESTINATION}.salesforce.auth",
        f"{DESTINATION}.salesforce.client",
        f"{DESTINATION}.salesforce.failures",
        f"{DESTINATION}.salesforce.transport",
    },
    "simple_salesforce": {f"{DESTINATION}.salesforce.client"},
    "fsspec": {f"{DESTINATION}.storage.folders"},
}


def modules(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def graph(package: str) -> dict[str, set[str]]:
    names = {name for name, _ in modules(package)}
    return {
        name: {known for target in imports(tree) if (known := owner(target, names))} - {name}
        for name, tree in modules(package)
    }


def owner(target: str, names: set[str]) -> str | None:
    """The module of ours that *target* lives in: itself, or the module it is a name of."""
    return next((t for t in (target, target.rpartition(".")[0]) if t in names), None)


@pytest.mark.parametrize("package", [*PACKAGES, "sandbox"])
def test_imports_go_one_way(package: str) -> None:
    order = list(TopologicalSorter(graph(package)).static_order())  # raises CycleError

    assert set(order) == set(graph(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_frameworks_stay_at_the_rim(package: str) -> None:
    wrong = {
        f"{name} imports {root}"
        for name, tree in modules(package)
        for target in imports(tree)
        for root, allowed in ONLY_IN.items()
        if target.split(".")[0] == root and name not in allowed
    }

    assert set() == wrong


@pytest.mark.parametrize("package", [*PACKAGES, "sandbox"])
def test_packages_do_not_import_each_other(package: str) -> None:
    others = {*PACKAGES, "sandbox", "examples", "integration_tests", "unit_tests"} - {package}
    wrong = {
        f"{name} imports {target}"
        for name, tree in modules(package)
        for target in imports(tree)
        if target.split(".")[0] in others
    }

    assert set() == wrong
