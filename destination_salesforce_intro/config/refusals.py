"""Say in one sentence what is wrong with a configuration, and never quote a value of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

DISCRIMINATORS = ("type", "kind", "action", "storage_type")
MOST_SHOWN = 5


def explain(error: ValidationError, raw: Mapping[str, Any]) -> str:
    """Name up to five things to fix, each by its path, e.g. ``mappings[0].on_exit is missing``."""
    problems = list(dict.fromkeys(_sentence(detail, raw) for detail in error.errors()))
    more = len(problems) - MOST_SHOWN
    shown = "; ".join(problems[:MOST_SHOWN])
    return f"The configuration needs a fix: {shown}" + (f"; and {more} more" if more > 0 else "")


def _sentence(detail: ErrorDetails, raw: Mapping[str, Any]) -> str:
    path = _path(detail["loc"], raw) or "the configuration"
    return f"{path} {_problem(detail)}"


def _problem(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "is missing"
        case "value_error":
            return str(context["error"])
        case "union_tag_invalid" | "union_tag_not_found":
            return f"needs a known {context['discriminator']}{_choices(context)}"
        case _:
            return f"is not valid: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _choices(context: Mapping[str, Any]) -> str:
    tags = context.get("expected_tags")
    return f": one of {tags}" if tags else ""


def _path(loc: Iterable[int | str], raw: Any) -> str:
    """Write *loc* as a path of the configuration, without pydantic's own union tags."""
    path, here, may_be_tag = "", raw, True
    for step in loc:
        if may_be_tag and _is_tag(step, here):
            may_be_tag = False
            continue
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
        here, may_be_tag = _child(here, step), True
    return path.removeprefix(".")


def _is_tag(step: int | str, here: Any) -> bool:
    return isinstance(here, dict) and any(here.get(name) == step for name in DISCRIMINATORS)


def _child(here: Any, step: int | str) -> Any:
    try:
        return here[step]
    except (KeyError, IndexError, TypeError):
        return None
