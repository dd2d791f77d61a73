"""spec.yaml and the models say the same, in the form that Airbyte understands."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
import yaml

from source_customerio_segments.config import Cadence, Config

SPEC = yaml.safe_load(
    resources.files("source_customerio_segments").joinpath("spec.yaml").read_text("utf-8")
)["connectionSpecification"]
FORM = SPEC["properties"]
LIMITS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}


def models() -> dict[str, Any]:
    properties: dict[str, Any] = Config.model_json_schema()["properties"]
    return properties


def nested(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from nested(child)


def test_names_and_their_order_are_the_models() -> None:
    assert list(Config.model_fields) == list(FORM)
    assert list(range(len(FORM))) == [each["order"] for each in FORM.values()]


def test_required_settings_are_the_models() -> None:
    required = [name for name, field in Config.model_fields.items() if field.is_required()]

    assert required == SPEC["required"]


@pytest.mark.parametrize("name", FORM)
def test_default_choices_and_limits_are_the_models(name: str) -> None:
    model, form = models()[name], FORM[name]

    for key in ("default", "enum", *LIMITS):
        assert model.get(key) == form.get(key), key


def test_cadence_items_are_the_models() -> None:
    items = FORM["cadence"]["items"]

    assert list(Cadence.model_fields) == list(items["properties"]) == items["required"]


def test_every_setting_has_a_title_and_a_description() -> None:
    assert all(each["title"] and each["description"] for each in FORM.values())


def test_no_construct_that_defeats_the_form_or_the_masking_of_secrets() -> None:
    keys = {key for node in nested(SPEC) for key in node}

    assert keys.isdisjoint({"$defs", "$ref", "definitions", "anyOf", "allOf", "not"})


def test_the_key_is_the_only_secret() -> None:
    assert [name for name, each in FORM.items() if each.get("airbyte_secret")] == ["app_api_key"]
