"""What the documents say of the code is true of the code."""

import ast
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PACKAGES = {
    "source-customerio-segments": "source_customerio_segments",
    "destination-salesforce-intro": "destination_salesforce_intro",
}


def specification(package: str) -> dict[str, Any]:
    text = resources.files(package).joinpath("spec.yaml").read_text(encoding="utf-8")
    form: dict[str, Any] = yaml.safe_load(text)["connectionSpecification"]
    return form


def settings_table(connector: str) -> dict[str, str]:
    """Each setting of the README's table and its default, as written."""
    table = README.split(f"### {connector}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): cells[-1].strip(" `") for cells in rows}


@pytest.mark.parametrize("connector", PACKAGES)
def test_readme_names_every_setting_and_its_default(connector: str) -> None:
    form = specification(PACKAGES[connector])
    table = settings_table(connector)
    plain = {
        name: str(each["default"]).lower() if isinstance(each["default"], bool) else each["default"]
        for name, each in form["properties"].items()
        if isinstance(each.get("default"), (str, int, float, bool))
    }

    assert list(form["properties"]) == list(table)
    assert {name: str(value) for name, value in plain.items()} == {n: table[n] for n in plain}
    assert {name for name, default in table.items() if default == "required"} == set(
        form["required"]
    )


def test_tests_named_in_the_documents_exist() -> None:
    known = {
        node.name
        for folder in ("unit_tests", "integration_tests")
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    named = {
        name for path in DOCUMENTS for name in re.findall(r"`(test_\w+)`", path.read_text("utf-8"))
    }

    assert named - known == set()
    assert len(named) > 20


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_project_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text(encoding="utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)) - targets == set()
