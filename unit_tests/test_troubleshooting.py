"""``docs/troubleshooting.md`` quotes what the connectors say, all of it, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
PACKAGES = ("source_customerio_segments", "destination_salesforce_intro")
GAP = "…"  # stands for what differs from case to case

FIRST_COLUMN = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
QUOTES = sorted(set(FIRST_COLUMN.findall(PAGE)))


@cache
def modules() -> list[ast.Module]:
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return [ast.parse(path.read_text(encoding="utf-8")) for path in files]


def text_of(node: ast.AST) -> str:
    """Return a string expression as it will be read, a gap for every value in it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return re.sub(f"{GAP}+", GAP, "".join(text_of(part) for part in parts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return text_of(left) + text_of(right)
        case _:
            return GAP


@cache
def every_text() -> set[str]:
    return {text_of(node) for module in modules() for node in ast.walk(module)} - {GAP}


def failures(module: ast.Module) -> Iterator[str]:
    """Yield the texts of the module's failures and warnings, as far as they are its own."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[text, *_]) if name in FAILURES:
                yield from resolved(text, module)
            case ast.Call(args=[ast.Constant(value="WARN"), text]):
                yield from resolved(text, module)


FAILURES = {"ConnectorError", "KeyRefusedError", "_GoneError", "AnswerLost"}


def resolved(node: ast.expr, module: ast.Module) -> Iterator[str]:
    """Follow a name to what is assigned to it, and a call to what its function returns."""
    for each in ast.walk(module):
        match each, node:
            case ast.Assign(targets=[ast.Name(id=one)]), ast.Name(id=other) if one == other:
                yield text_of(each.value)
            case ast.FunctionDef(name=one), ast.Call(func=ast.Name(id=other)) if one == other:
                yield from (
                    text_of(part.value)
                    for part in ast.walk(each)
                    if isinstance(part, ast.Return) and part.value
                )
    yield text_of(node)


def of_substance(text: str) -> bool:
    return len(text.replace(GAP, "").split()) > 2


SAID = sorted({text for module in modules() for text in failures(module) if of_substance(text)})


@pytest.mark.parametrize("quote", QUOTES)
def test_what_the_page_quotes_is_said_by_a_connector(quote: str) -> None:
    assert any(quote in text for text in every_text())


@pytest.mark.parametrize("text", SAID)
def test_what_a_connector_may_say_is_on_the_page(text: str) -> None:
    assert any(quote in text for quote in QUOTES), f"docs/troubleshooting.md lacks: {text}"


def test_nothing_is_quoted_twice() -> None:
    assert len(QUOTES) == len(FIRST_COLUMN.findall(PAGE))


def test_messages_are_found_in_both_connectors() -> None:
    """The search above finds what it looks for: a failure, a warning, a text by name."""
    assert any("held back" in text for text in every_text())
    assert any(text.startswith("Exits of segment … are held") for text in SAID)
    assert any("same page token twice" in text for text in SAID)
    assert any("TLS certificate cannot be verified" in text for text in SAID)
