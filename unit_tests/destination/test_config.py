"""The configuration is parsed once, and refused in words that quote none of its values."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from destination_salesforce_intro.config import Config, RecordMapping
from destination_salesforce_intro.errors import ConnectorError, Fault

RAW: dict[str, Any] = {
    "auth": {
        "type": "refresh_token",
        "client_id": "3MVG9",
        "client_secret": "hush-secret",
        "refresh_token": "hush-token",
    },
    "mappings": [
        {
            "stream": "profiles",
            "kind": "record",
            "object": "Contact",
            "identity": [{"source": "email", "target": "Email", "format": "email"}],
            "fields": [
                {
                    "source": "attributes.phone",
                    "target": "MobilePhone",
                    "format": "phone_e164",
                    "default_region": "US",
                },
                {
                    "source": "attributes.ltv",
                    "target": "LTV_Tier__c",
                    "tiers": [{"below": 100, "value": "low"}, {"value": "high"}],
                },
                {"target": "LeadSource", "constant": "Customer.io"},
            ],
            "on_exit": {"action": "clear", "fields": ["LTV_Tier__c"]},
        }
    ],
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    raw = copy.deepcopy(RAW)
    change(raw)
    return raw


def mapping(**settings: Any) -> dict[str, Any]:
    return changed(lambda raw: raw["mappings"][0].update(settings))


def field(**settings: Any) -> dict[str, Any]:
    return mapping(fields=[{"source": "a", "target": "A__c", **settings}])


def refusal(raw: dict[str, Any]) -> str:
    with pytest.raises(ConnectorError) as caught:
        Config.parse(raw)
    assert caught.value.fault is Fault.CONFIG
    return caught.value.message


def test_designed_example_parses_with_defaults() -> None:
    config = Config.parse(RAW)

    (record,) = config.mappings
    assert isinstance(record, RecordMapping)
    assert (record.operation, record.on_multiple_matches) == ("upsert", "reject")
    assert (config.login_url, config.write_api) == ("https://login.salesforce.com", "auto")
    assert (config.max_removals, config.max_removal_percent) == (1000, 20)
    assert config.object_storage_config.storage_type == "None"


def test_secrets_are_listed_and_have_no_repr() -> None:
    config = Config.parse(RAW)

    assert set(config.secrets()) == {"hush-secret", "hush-token"}
    assert "hush" not in repr(config)
    assert "hush" not in str(config.auth)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (changed(lambda raw: raw.pop("auth")), "auth is missing"),
        (changed(lambda raw: raw["auth"].pop("refresh_token")), "auth.refresh_token is missing"),
        (changed(lambda raw: raw["auth"].update(type="saml")), "auth needs a known 'type': one of"),
        (changed(lambda raw: raw["auth"].update(user="x")), 'auth has no setting "user"; known'),
        (changed(lambda raw: raw.update(dryrun=True)), 'no setting "dryrun"; did you mean "dry_r'),
        (changed(lambda raw: raw["mappings"][0].pop("on_exit")), "mappings[0].on_exit is missing"),
        (mapping(kind="row"), "mappings[0] needs a known 'kind'"),
        (mapping(identity=[]), "mappings[0].identity is not valid: tuple should have at least 1"),
        (mapping(on_exit={"action": "clear", "fields": []}), "mappings[0].on_exit.fields"),
        (mapping(on_exit={"action": "set"}), "mappings[0].on_exit.values is missing"),
        (mapping(operation="merge"), "mappings[0].operation is not valid: input should be"),
        (mapping(object="Contact; DROP"), "mappings[0].object is not valid"),
        (field(constant="x"), 'mappings[0].fields[0] needs exactly one of "source" and "constant"'),
        (field(mising="clear"), 'no setting "mising"; did you mean "missing"?'),
        (field(format="phone"), "mappings[0].fields[0].format is not valid"),
        (field(format="email", default_region="US"), 'only with "format": "phone_e164"'),
        (field(tiers=[{"below": 1, "value": "a"}]), "a last tier without"),
        (field(tiers=[]), "a last tier without"),
        (field(tiers=[{"below": 2, "value": 1}, {"below": 1, "value": 2}, {"value": 3}]), "rising"),
        (field(tiers=[{"value": 1}, {"value": 2}]), "rising"),
        (field(tiers=[{"value": 1}], format="trim"), 'without "values" and "format"'),
        (mapping(fields=[{"target": "A", "constant": "x", "format": "trim"}]), "beside a"),
        (mapping(fields=[{"target": t, "constant": 1} for t in ("A__c", "a__C")]), "twice"),
        (changed(lambda raw: raw.update(api_version="65")), "api_version is not valid"),
        (changed(lambda raw: raw.update(login_url="http://login.example.com")), "login_url must"),
        (changed(lambda raw: raw.update(login_url="https://u:p@login.example.com")), "login_url"),
        (changed(lambda raw: raw.update(login_url="login.salesforce.com")), "login_url must"),
        (changed(lambda raw: raw.update(max_removals=-1)), "max_removals is not valid"),
    ],
)
def test_wrong_setting_is_named_by_path_and_cure(raw: dict[str, Any], words: str) -> None:
    assert words in refusal(raw)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost:1", "http://[::1]:2"])
def test_plain_http_is_taken_on_loopback(url: str) -> None:
    config = Config.parse(changed(lambda raw: raw.update(login_url=url)))

    assert config.login_url == url.rstrip("/")


def test_all_problems_are_told_at_once_up_to_five() -> None:
    message = refusal(mapping(object="1", operation="x", identity=[], on_exit=None, priority="z"))

    assert message.count("mappings[0]") == 5
    assert "more" not in message
    assert refusal({f"x{i}": 1 for i in range(9)} | {"auth": {}}).startswith("The configuration")


def test_refusal_quotes_no_value() -> None:
    raw = changed(lambda raw: raw["auth"].update(refresh_token=["hush-token"], client_secret=7))
    raw["mappings"][0]["on_exit"] = {"action": "hush-action"}

    assert "hush" not in refusal(raw)


IDENTITY = [{"source": "cio_id", "target": "CustomerIO_Id__c"}]
MEMBERSHIPS: dict[str, dict[str, Any]] = {
    "flag": {
        "object": "Contact",
        "identity": IDENTITY,
        "segments": [{"segment": "VIP - Top 10%", "field": "Is_VIP__c"}],
    },
    "multi_select": {
        "object": "Contact",
        "field": "Segments__c",
        "identity": IDENTITY,
        "segments": [{"segment": 7, "value": "VIP"}],
    },
    "campaign_member": {
        "identity": [{"source": "email", "target": "Email", "object": "Lead"}],
        "segments": [{"segment": 7, "campaign": "701000000000001AAA"}],
    },
    "child_record": {
        "object": "Membership__c",
        "key_field": "Key__c",
        "person": {"field": "Contact__c", "identity": IDENTITY},
    },
}


def with_membership(kind: str, **settings: Any) -> dict[str, Any]:
    one = {"stream": "segment_memberships", "kind": kind} | MEMBERSHIPS[kind] | settings
    return changed(lambda raw: raw["mappings"].append(one))


@pytest.mark.parametrize("kind", MEMBERSHIPS)
def test_membership_shapes_parse_with_their_natural_exit(kind: str) -> None:
    parsed = Config.parse(with_membership(kind)).mappings[1].model_dump()
    exits = {"campaign_member": "delete", "child_record": "deactivate"}

    assert parsed["kind"] == kind
    assert parsed["on_no_match"] == "reject"
    assert parsed.get("on_exit", {}).get("action") == exits.get(kind)


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("flag", {"segments": []}, "mappings[1].segments is not valid"),
        ("flag", {"segments": [{"segment": n, "field": "A__c"} for n in (1, 2)]}, "twice"),
        ("flag", {"on_exit": {"action": "delete"}}, 'no setting "on_exit"'),
        ("multi_select", {"segments": [{"segment": 1, "value": "a;b"}]}, "segments[0].value"),
        ("multi_select", {"segments": [{"segment": n, "value": "a"} for n in (1, 2)]}, "twice"),
        ("campaign_member", {"identity": IDENTITY}, "identity[0].object is missing"),
        ("campaign_member", {"segments": [{"segment": 1, "campaign": "003"}]}, "campaign is not"),
        ("campaign_member", {"on_exit": {"action": "clear"}}, "on_exit needs a known 'action'"),
        ("child_record", {"key_field": "no name"}, "key_field is not valid"),
        ("child_record", {"person": {"field": "A__c"}}, "person.identity is missing"),
        ("child_record", {"on_exit": {"action": "ignore"}}, "on_exit needs a known 'action'"),
    ],
)
def test_wrong_membership_setting_is_named(kind: str, settings: dict[str, Any], words: str) -> None:
    assert words in refusal(with_membership(kind, **settings))


def test_one_campaign_may_not_stand_for_two_segments() -> None:
    ids = ("701000000000001", "701000000000001AAA")
    segments = [{"segment": n, "campaign": campaign} for n, campaign in enumerate(ids)]

    assert "twice" in refusal(with_membership("campaign_member", segments=segments))
