"""Discover describes an org once in ten minutes, where it may keep what it found."""

import io
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from destination_salesforce_intro import commands
from destination_salesforce_intro.assembly import World
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.output import Output
from sandbox.serve import Running
from unit_tests.destination.harness import NOW_S, auth_of, settings

DESCRIBE = "GET /services/data/v{version}/sobjects/{object}/describe"


def kept(box: Running, place: Path, **others: Any) -> dict[str, Any]:
    storage = {"storage_type": "File", "url": place.as_uri()}
    return settings(box, object_storage_config=storage, **others)


def describes(box: Running, config: dict[str, Any], *, after_s: float = 0) -> int:
    """Discover, and return how many objects were described for it."""
    box.salesforce_control.reset_requests()
    world = World(lambda: NOW_S + after_s, lambda _s: None, lambda: "run1")
    found = commands.discover(Config.parse(config), Output(io.BytesIO()), world)
    assert any(each["object_name"] == "Contact" for each in found["operations"])
    counts: dict[str, int] = box.salesforce_control.requests()["counts"]
    return counts.get(DESCRIBE, 0)


def test_a_second_discover_asks_nothing_and_says_the_same(box: Running, tmp_path: Path) -> None:
    config = Config.parse(kept(box, tmp_path))
    output = Output(io.BytesIO())
    first = commands.discover(config, output)

    assert commands.discover(config, output) == first
    assert describes(box, kept(box, tmp_path / "elsewhere")) > 4
    assert describes(box, kept(box, tmp_path / "elsewhere"), after_s=599) == 0


@pytest.mark.parametrize("after_s", [600, -1])
def test_what_is_old_or_from_the_future_is_found_anew(
    box: Running, tmp_path: Path, after_s: float
) -> None:
    describes(box, kept(box, tmp_path))

    assert describes(box, kept(box, tmp_path), after_s=after_s) > 4
    assert describes(box, kept(box, tmp_path), after_s=after_s) == 0


def test_another_version_another_mapping_and_another_org_are_found_anew(
    box: Running, tmp_path: Path
) -> None:
    describes(box, kept(box, tmp_path))
    rows = {
        "stream": "m",
        "kind": "flag",
        "object": "Account",
        "identity": [{"source": "a", "target": "Name"}],
        "segments": [{"segment": 7, "field": "Is_VIP__c"}],
    }

    assert describes(box, kept(box, tmp_path, api_version="66.0")) > 4
    assert describes(box, kept(box, tmp_path) | {"mappings": [rows]}) > 4


def test_without_a_place_or_a_known_user_nothing_is_kept(box: Running, tmp_path: Path) -> None:
    form = {"grant_type": "refresh_token", **box.salesforce_auth["refresh_token"]}
    answer = requests.post(f"{box.salesforce}/services/oauth2/token", data=form, timeout=10)
    token = {"access_token": answer.json()["access_token"], "instance_url": box.salesforce}
    anonymous = kept(box, tmp_path) | {"auth": {"type": "access_token", **token}}

    assert [describes(box, settings(box)) > 4 for _ in range(2)] == [True, True]
    assert [describes(box, anonymous) > 4 for _ in range(2)] == [True, True]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"kept_at": "x", "catalog": {}}'])
def test_what_is_damaged_is_found_anew(box: Running, tmp_path: Path, content: bytes) -> None:
    describes(box, kept(box, tmp_path))
    [file] = tmp_path.iterdir()
    file.write_bytes(content)

    assert describes(box, kept(box, tmp_path)) > 4
    assert orjson.loads(file.read_bytes())["kept_at"] == NOW_S


def test_a_place_that_cannot_be_used_is_done_without(box: Running, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    assert describes(box, kept(box, tmp_path / "file" / "folder")) > 4


def test_the_file_holds_no_secret(box: Running, tmp_path: Path) -> None:
    describes(box, kept(box, tmp_path))
    [file] = tmp_path.iterdir()

    for secret in ("client_secret", "refresh_token"):
        assert auth_of(box)[secret].encode() not in file.read_bytes()
