"""The OAuth endpoints over HTTP, as a client meets them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.salesforce.auth.grants import JWT_BEARER
from sandbox.serve import Running, running

PRODUCTION = "https://login.salesforce.com"
EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}


@pytest.fixture
def box() -> Iterator[Running]:
    """A sandbox of its own for each test: logins change what later logins may do."""
    with running(people=0) as servers:
        yield servers


def token(box: Running, **form: str) -> requests.Response:
    return requests.post(f"{box.salesforce}/services/oauth2/token", data=form, timeout=10)


def refresh(box: Running, **changed: str) -> requests.Response:
    given = {**box.salesforce_auth["refresh_token"], **changed}
    return token(box, grant_type="refresh_token", **given)


def assertion(box: Running, key: Any = None, **changed: Any) -> requests.Response:
    given = box.salesforce_auth["jwt_bearer"]
    claims = {"iss": given["client_id"], "sub": given["username"], "aud": PRODUCTION}
    claims = {**claims, "exp": time.time() + 60, **changed}
    signed = jwt.encode(claims, key or given["private_key"], algorithm="RS256")
    return token(box, grant_type=JWT_BEARER, assertion=signed)


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


def opens(box: Running, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    url = f"{box.salesforce}/services/data/v65.0/limits"
    return requests.get(url, headers=headers, timeout=10).status_code == 200


def test_every_grant_opens_the_api(box: Running) -> None:
    given = box.salesforce_auth
    secret = given["password"]["password"] + given["password"]["security_token"]
    answers = [
        refresh(box),
        token(box, grant_type="client_credentials", **given["client_credentials"]),
        assertion(box),
        assertion(box, aud=box.salesforce),
        token(box, grant_type="password", **{**given["password"], "password": secret}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert all(opens(box, answer.json()["access_token"]) for answer in answers)


def test_answer_is_all_text_and_names_the_address_it_came_to(box: Running) -> None:
    body = refresh(box).json()

    assert set(body) == {
        "access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at",
    }  # fmt: skip
    assert all(isinstance(value, str) for value in body.values())
    assert body["instance_url"] == box.salesforce
    assert body["token_type"] == "Bearer"


def test_client_may_name_itself_by_basic_authentication(box: Running) -> None:
    given = box.salesforce_auth["client_credentials"]
    answer = requests.post(
        f"{box.salesforce}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(given["client_id"], given["client_secret"]),
        timeout=10,
    )

    assert answer.status_code == 200


def test_wrong_client_token_or_grant_is_refused_in_salesforce_s_words(box: Running) -> None:
    given = box.salesforce_auth["password"]

    assert refusal(refresh(box, refresh_token="x")) == (400, *EXPIRED.values())
    assert refusal(refresh(box, client_secret="x"))[1:] == (
        "invalid_client",
        "invalid client credentials",
    )
    assert refusal(refresh(box, client_id="x"))[1] == "invalid_client_id"
    assert refusal(token(box, grant_type="magic"))[1] == "unsupported_grant_type"
    assert refusal(token(box, grant_type="password", **given))[1:] == (
        "invalid_grant",
        "authentication failure",
    )


@pytest.mark.parametrize(
    ("changed", "error", "description"),
    [
        ({"iss": "x"}, "invalid_client_id", "client identifier invalid"),
        ({"aud": "https://test.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"sub": "x@x.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"key": rsa.generate_private_key(65_537, 2_048)}, "invalid_grant", "invalid assertion"),
    ],
)
def test_assertion_that_claims_wrongly_is_refused(
    box: Running, changed: dict[str, Any], error: str, description: str
) -> None:
    assert refusal(assertion(box, **changed)) == (400, error, description)


def test_revoked_refresh_token_ends_its_sessions_too(box: Running) -> None:
    access_token = refresh(box).json()["access_token"]

    box.salesforce_control.post("auth", {"revoke": True})

    assert not opens(box, access_token)
    assert refresh(box).json() == EXPIRED


def test_client_can_revoke_access_and_refresh_tokens(box: Running) -> None:
    given = box.salesforce_auth["refresh_token"]["refresh_token"]
    access_token = refresh(box).json()["access_token"]

    def revoke(token: str) -> int:
        url = f"{box.salesforce}/services/oauth2/revoke"
        return requests.post(url, data={"token": token}, timeout=10).status_code

    assert (revoke(access_token), opens(box, access_token)) == (200, False)
    assert (revoke(given), refresh(box).json()) == (200, EXPIRED)
    assert revoke("x") == 400


def test_rotation_gives_a_new_refresh_token_and_ends_the_old(box: Running) -> None:
    box.salesforce_control.post("auth", {"rotate": True})

    rotated = refresh(box).json()["refresh_token"]

    assert refresh(box).json() == EXPIRED
    assert refresh(box, refresh_token=rotated).status_code == 200


def test_user_who_is_deactivated_or_not_approved_stays_out(box: Running) -> None:
    username = box.salesforce_auth["jwt_bearer"]["username"]
    access_token = refresh(box).json()["access_token"]

    box.salesforce_control.post("auth", {"user": {"username": username, "approved": False}})
    assert refusal(assertion(box))[2] == "user hasn't approved this consumer"

    box.salesforce_control.post("auth", {"user": {"username": username, "active": False}})
    assert refusal(refresh(box))[1] == "inactive_user"
    assert not opens(box, access_token)


def test_outage_of_the_token_endpoint_passes(box: Running) -> None:
    box.salesforce_control.post("auth", {"outage": {"times": 2, "status": 502}})

    answers = [refresh(box) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [502, 502, 200]
    assert answers[0].headers["Content-Type"].startswith("text/html")


def test_userinfo_and_the_identity_url_know_the_session_s_user(box: Running) -> None:
    granted = refresh(box).json()

    def ask(url: str, access_token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {access_token}"}
        return requests.get(url, headers=headers, timeout=10)

    for url in (f"{box.salesforce}/services/oauth2/userinfo", granted["id"]):
        body = ask(url, granted["access_token"]).json()
        assert body["preferred_username"] == box.salesforce_auth["jwt_bearer"]["username"]
        assert granted["id"].endswith(body["user_id"])
        assert ask(url, "x").status_code == 403


def test_control_refuses_what_it_does_not_know(box: Running) -> None:
    with pytest.raises(ValueError, match="400"):
        box.salesforce_control.post("auth", {"rvoke": True})
    with pytest.raises(ValueError, match="400"):
        box.salesforce_control.post("auth", {"user": {"username": "x", "active": False}})
