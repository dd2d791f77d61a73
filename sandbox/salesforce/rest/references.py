"""References of a Composite request to the answers of its earlier parts: ``@{newContact.id}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\w+")


class UnknownReferenceError(LookupError):
    """A reference that leads to no value."""


def has_reference(value: Any) -> bool:
    """Whether a reference is anywhere in *value*."""
    if isinstance(value, Mapping):
        return any(has_reference(each) for each in value.values())
    if isinstance(value, list):
        return any(map(has_reference, value))
    return isinstance(value, str) and _REFERENCE.search(value) is not None


def resolve(value: Any, answers: Mapping[str, Any]) -> Any:
    """Return *value* with every reference replaced by what *answers* hold.

    ``resolve("/sobjects/Contact/@{a.id}", {"a": {"id": "003…"}})`` is ``/sobjects/Contact/003…``; a
    text that is one reference and nothing else becomes the value itself, whatever its type.

    Raises:
        UnknownReferenceError: A reference leads to no value.
    """
    if isinstance(value, Mapping):
        return {name: resolve(each, answers) for name, each in value.items()}
    if isinstance(value, list):
        return [resolve(each, answers) for each in value]
    return _resolve_text(value, answers) if isinstance(value, str) else value


def _resolve_text(text: str, answers: Mapping[str, Any]) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _look_up(whole, answers)
    return _REFERENCE.sub(lambda match: str(_look_up(match, answers)), text)


def _look_up(match: re.Match[str], answers: Mapping[str, Any]) -> Any:
    found: Any = answers
    try:
        for step in (match[1], *_STEP.findall(match[2])):
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (KeyError, IndexError, TypeError, ValueError):
        message = f"Invalid reference specified. No value for {match[0][2:-1]} found"
        raise UnknownReferenceError(message) from None
    return found
