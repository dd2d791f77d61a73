"""The form (spec.yaml) and the parser (config) are one thing said twice; these hold them equal."""

import types
import typing
from pathlib import Path
from typing import Any

import pytest
import yaml
from annotated_types import Ge, Le, MinLen
from pydantic import SecretStr
from pydantic.fields import FieldInfo

import destination_salesforce_intro
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.config.base import Setting

SPEC = yaml.safe_load(
    Path(destination_salesforce_intro.__file__).with_name("spec.yaml").read_text("utf-8")
)
FORM = SPEC["connectionSpecification"]
Found = tuple[str, type[Setting], dict[str, Any]]


def members(annotation: Any) -> list[Any]:
    """Return the types inside unions, tuples and Annotated, None left out."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return members(typing.get_args(annotation)[0])
    if origin in (tuple, types.UnionType, typing.Union):
        return [m for arg in typing.get_args(annotation) if arg is not ... for m in members(arg)]
    return [] if annotation is types.NoneType else [annotation]


def settings_in(annotation: Any) -> list[type[Setting]]:
    found = members(annotation)
    return [m for m in found if isinstance(m, type) and issubclass(m, Setting)]


def objects(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the object schemas an entry of the form offers: itself, its items or its options."""
    node = node.get("items", node)
    options: list[dict[str, Any]] = node.get("oneOf", [node])
    return options


def pairs(path: str, model: type[Setting], form: dict[str, Any]) -> list[Found]:
    """Pair every settings model with its object schema in the form, depth first."""
    found = [(path, model, form)]
    for name, field in model.model_fields.items():
        inner = settings_in(field.annotation)
        forms = objects(form["properties"][name]) if inner else []
        assert len(inner) == len(forms), f"{path}.{name}: as many options as models"
        for one, shown in zip(inner, forms, strict=True):
            found += pairs(f"{path}.{name}", one, shown)
    return found


PAIRS = pairs("config", Config, FORM)
FIELDS = [
    (f"{path}.{model.__name__}.{name}", field, form["properties"][name])
    for path, model, form in PAIRS
    for name, field in model.model_fields.items()
]
field_cases = pytest.mark.parametrize(
    ("field", "shown"), [case[1:] for case in FIELDS], ids=[case[0] for case in FIELDS]
)
object_cases = pytest.mark.parametrize(
    ("model", "form"), [case[1:] for case in PAIRS], ids=[f"{c[0]}.{c[1].__name__}" for c in PAIRS]
)


@object_cases
def test_object_has_same_names_and_required_as_model(
    model: type[Setting], form: dict[str, Any]
) -> None:
    required = {name for name, field in model.model_fields.items() if field.is_required()}

    assert set(model.model_fields) == set(form["properties"])
    assert required == set(form.get("required", []))
    assert form["type"] == "object"


def plain(value: Any) -> Any:
    if isinstance(value, Setting):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value


@field_cases
def test_default_is_the_same(field: FieldInfo, shown: dict[str, Any]) -> None:
    if "const" in shown:
        assert shown["default"] == shown["const"]
    else:
        assert shown.get("default") == (None if field.is_required() else plain(field.default))


@field_cases
def test_choices_are_the_same(field: FieldInfo, shown: dict[str, Any]) -> None:
    choices = [
        value
        for member in members(field.annotation)
        if typing.get_origin(member) is typing.Literal
        for value in typing.get_args(member)
    ]

    assert choices == shown.get("enum", [shown["const"]] if "const" in shown else [])


@field_cases
def test_secret_is_masked(field: FieldInfo, shown: dict[str, Any]) -> None:
    assert (SecretStr in members(field.annotation)) == shown.get("airbyte_secret", False)


def limits(annotation: Any, metadata: list[Any]) -> list[Any]:
    """Collect the constraints of a field, those of an optional one included."""
    found = list(metadata)
    optional = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    for arg in typing.get_args(annotation) if optional else ():
        for note in getattr(arg, "__metadata__", ()):
            found += note.metadata if isinstance(note, FieldInfo) else [note]
    return found


@field_cases
def test_limits_are_the_same(field: FieldInfo, shown: dict[str, Any]) -> None:
    notes = limits(field.annotation, field.metadata)
    shortest = [note.min_length for note in notes if isinstance(note, MinLen)]
    patterns = [note.pattern for note in notes if getattr(note, "pattern", None)]
    items = shown.get("minLength", shown.get("minItems", shown.get("minProperties")))

    assert shortest == ([] if items is None else [items])
    assert patterns == [shown[key] for key in ("pattern",) if key in shown]
    assert [n.ge for n in notes if isinstance(n, Ge)] == [shown[k] for k in shown if k == "minimum"]
    assert [n.le for n in notes if isinstance(n, Le)] == [shown[k] for k in shown if k == "maximum"]


@field_cases
def test_entry_is_titled_and_ordered(field: FieldInfo, shown: dict[str, Any]) -> None:
    assert field is not None
    assert isinstance(shown["order"], int)
    assert "const" in shown or shown["title"]
    assert "const" in shown or shown["description"].endswith(".")


@object_cases
def test_orders_within_an_object_differ(model: type[Setting], form: dict[str, Any]) -> None:
    orders = [entry["order"] for entry in form["properties"].values()]

    assert len(set(orders)) == len(orders), model


def keys(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {key for value in node.values() for key in keys(value)}
    return {key for item in node for key in keys(item)} if isinstance(node, list) else set()


def test_form_uses_only_what_secret_masking_understands() -> None:
    assert not keys(FORM) & {"$ref", "$defs", "definitions", "anyOf", "allOf"}


def test_private_key_takes_several_lines() -> None:
    jwt = next(o for o in FORM["properties"]["auth"]["oneOf"] if "private_key" in o["properties"])

    assert jwt["properties"]["private_key"]["multiline"] is True


def test_sync_modes_are_those_the_writer_honours() -> None:
    assert SPEC["supported_destination_sync_modes"] == ["append", "append_dedup", "overwrite"]
    assert SPEC["supportsIncremental"] is True
