"""The examples in the documentation of mappings are settings that work."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from destination_salesforce_intro.config.rules import Format
from unit_tests.destination.builders import ADAPTER

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "mappings").glob("*.md"))
OVERVIEW = (DOCS / "mappings.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_example_of_a_kind_parses_as_that_kind(page: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", page.read_text("utf-8"), re.DOTALL)

    assert ADAPTER.validate_python(json.loads(example)).kind == page.stem


def test_every_kind_has_a_page_that_the_overview_links() -> None:
    links = re.findall(r"\(mappings/(\w+)\.md\)", OVERVIEW)
    kinds = {"record", "flag", "multi_select", "campaign_member", "child_record"}

    assert set(links) == {page.stem for page in PAGES} == kinds


def test_every_format_is_named() -> None:
    missing = [name for name in get_args(Format) if f"`{name}`" not in OVERVIEW]

    assert missing == []
