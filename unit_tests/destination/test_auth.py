"""Logging in by every flow, and being told what to do when it fails."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from destination_salesforce_intro.config import Auth
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.salesforce.auth import Login, Session, audience
from destination_salesforce_intro.salesforce.transport import open_session
from sandbox.serve import Running
from unit_tests.destination.harness import NOW_S, auth_of, person, settings, state, sync

ADAPTER: TypeAdapter[Auth] = TypeAdapter(Auth)
FLOWS = ["refresh_token", "client_credentials", "jwt_bearer", "password"]
FAR_AHEAD_S = 4_000_000_000.0  # the sandbox reads the real clock


class Told:
    """What a login says of secrets."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.refresh_tokens: list[str] = []

    def conceal(self, secret: str) -> None:
        self.secrets.append(secret)

    def keep(self, refresh_token: str) -> None:
        assert refresh_token in self.secrets, "hidden before anything could log it"
        self.refresh_tokens.append(refresh_token)


def login(box: Running, keys: Told | None = None, **changes: Any) -> Login:
    auth = ADAPTER.validate_python({**auth_of(box, changes.pop("flow", FLOWS[0])), **changes})
    told = keys or Told()
    return Login(
        auth,
        box.salesforce,
        open_session("test"),
        now=lambda: FAR_AHEAD_S,
        sleep=lambda _s: None,
        keys=told,
    )


def refusal(opening: Login) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        opening.open()
    return caught.value


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_opens_a_session_whose_token_is_concealed(box: Running, flow: str) -> None:
    told = Told()
    session = login(box, told, flow=flow).open()

    assert session.instance_url == box.salesforce
    assert session.token in told.secrets
    assert session.token not in repr(session)
    assert told.refresh_tokens == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"refresh_token": "old"}, "Authorise the app again"),
        ({"client_secret": "wrong"}, "client_id and client_secret"),
        ({"client_id": "wrong"}, "Check client_id"),
        ({"flow": "password", "password": "wrong"}, "user name, password"),
        ({"flow": "jwt_bearer", "username": "nobody@x.example"}, "Pre-authorise the user"),
        ({"flow": "jwt_bearer", "private_key": "no key"}, "not a PEM private key"),
    ],
)
def test_a_refused_login_says_what_to_do_and_quotes_nothing(
    box: Running, changes: dict[str, Any], expected: str
) -> None:
    error = refusal(login(box, **changes))

    assert error.fault is Fault.CONFIG
    assert expected in error.message
    assert "nobody@x.example" not in error.message


def test_a_login_that_fails_for_a_while_is_tried_again(box: Running) -> None:
    box.salesforce_control.fault({"status": 503}, times=2, path="/oauth2/token")
    box.salesforce_control.fault({"garbage": "<html>"}, times=1, path="/oauth2/token")

    assert login(box).open().token


def test_a_login_that_keeps_failing_is_transient(box: Running) -> None:
    box.salesforce_control.fault({"reset": "before"}, times=None, path="/oauth2/token")

    assert refusal(login(box)).fault is Fault.TRANSIENT


def test_a_rotated_refresh_token_is_told_and_used_from_then_on(box: Running) -> None:
    box.salesforce_control.post("auth", {"rotate": True})
    told = Told()
    opening = login(box, told)
    tokens = [opening.open().token for _ in range(3)]

    assert len(set(tokens)) == 3
    assert set(told.secrets) == {*tokens, *told.refresh_tokens}
    assert len(set(told.refresh_tokens)) == 3
    assert login(box, refresh_token=told.refresh_tokens[-1]).open().token


def test_a_refresh_token_that_stays_the_same_is_not_told(box: Running) -> None:
    body = {
        "access_token": "a",
        "instance_url": box.salesforce,
        "refresh_token": auth_of(box)["refresh_token"],
    }
    box.salesforce_control.fault({"status": 200, "body": body}, path="/oauth2/token")
    told = Told()
    login(box, told).open()

    assert told.refresh_tokens == []


def test_a_given_token_serves_once_and_cannot_be_renewed(box: Running) -> None:
    given = {"type": "access_token", "access_token": "tok", "instance_url": box.salesforce}
    opening = Login(
        ADAPTER.validate_python(given),
        box.salesforce,
        open_session("test"),
        now=lambda: NOW_S,
        sleep=lambda _s: None,
        keys=Told(),
    )

    assert opening.open() == Session("tok", box.salesforce)
    assert "cannot be renewed" in refusal(opening).message


@pytest.mark.parametrize(
    ("login_url", "expected"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_the_jwt_audience_is_one_of_salesforces_two(login_url: str, expected: str) -> None:
    assert audience(login_url) == expected


def test_client_credentials_want_a_my_domain_before_anything_is_sent(box: Running) -> None:
    auth = ADAPTER.validate_python(auth_of(box, "client_credentials"))
    opening = Login(
        auth,
        "https://login.salesforce.com",
        open_session("test"),
        now=lambda: NOW_S,
        sleep=lambda _s: None,
        keys=Told(),
    )

    assert "My Domain" in refusal(opening).message


def test_the_platform_is_handed_the_whole_settings_with_a_new_refresh_token(box: Running) -> None:
    """Else the next run would come with a token that the org has ended."""
    box.salesforce_control.post("auth", {"rotate": True})
    result = sync(box, [person(1), state(1)], max_removals=7)
    told = [message["control"] for message in result.messages if message["type"] == "CONTROL"]
    handed = told[-1]["connectorConfig"]["config"]
    new = handed["auth"]["refresh_token"]
    given = settings(box, max_removals=7)

    assert {one["type"] for one in told} == {"CONNECTOR_CONFIG"}
    assert handed == {**given, "auth": {**given["auth"], "refresh_token": new}}
    assert result.acknowledged == [1]
    assert new not in result.logs
    assert sync(box, [person(2), state(2)], auth=handed["auth"]).acknowledged == [2]
    refused = sync(box, [person(3), state(3)]).error
    assert refused is not None
    assert "Authorise the app again" in refused.message


def test_an_org_that_rotates_nothing_has_the_platform_keep_what_it_has(box: Running) -> None:
    result = sync(box, [person(1), state(1)])

    assert all(message["type"] != "CONTROL" for message in result.messages)
