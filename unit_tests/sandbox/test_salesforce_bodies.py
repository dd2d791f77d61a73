"""Whatever a client sends as JSON gets an answer, never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sandbox.salesforce.app import simple_routes
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest import composite
from sandbox.salesforce.rest.calls import ApiError, Call, Router

KEY = "CustomerIO_Id__c"
SIMPLE = Router(simple_routes())
ROUTER = Router([*simple_routes(), *composite.routes(SIMPLE)])
BASE = "/services/data/v65.0"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
VALUES = JSON | st.sampled_from(["003SB0000000001", "a@x.example", "2026-01-02T03:04:05Z", "1e400"])
NAMES = ("Id", KEY, "LastName", "Email", "AccountId", "Is_VIP__c", "Cart_Value__c", "Birthdate")
PARENTS = st.dictionaries(st.sampled_from(["Id", "Acct_Key__c", "Name", "attributes"]), VALUES)
ROWS = st.dictionaries(st.sampled_from(NAMES), VALUES) | st.fixed_dictionaries({"Account": PARENTS})
TYPED = ROWS.map(lambda row: {"attributes": {"type": "Contact"}, **row})
BODIES = JSON | st.fixed_dictionaries({"records": JSON | st.lists(TYPED | JSON, max_size=3)})
RETRIEVES = st.fixed_dictionaries(
    {"ids": JSON | st.lists(VALUES, max_size=3), "fields": JSON | st.lists(st.sampled_from(NAMES))}
)
CALLS = st.sampled_from(
    [
        ("POST", "/sobjects/Contact"),
        ("PATCH", f"/sobjects/Contact/{KEY}/a"),
        ("PATCH", "/sobjects/Contact/003SB0000000001"),
        ("POST", "/composite/sobjects"),
        ("PATCH", "/composite/sobjects"),
        ("PATCH", f"/composite/sobjects/Contact/{KEY}"),
        ("PATCH", "/composite/sobjects/Contact/Id"),
        ("POST", "/composite/sobjects/Contact"),
        ("POST", "/composite"),
        ("POST", "/composite/batch"),
    ]
)
PARTS = st.fixed_dictionaries(
    {"method": VALUES, "url": VALUES, "referenceId": VALUES},
    optional={"body": JSON, "httpHeaders": JSON},
)
WHOLES = st.fixed_dictionaries({"compositeRequest": st.lists(PARTS | JSON, max_size=2)})


@pytest.fixture(scope="module")
def org() -> Iterator[Org]:
    opened = Org.open(":memory:")
    yield opened
    opened.db.close()


def status(org: Org, method: str, path: str, body: Any) -> int:
    """Return the status of the answer; the org forgets what the call wrote."""
    route, call = ROUTER.find(method, BASE + path)
    org.db.execute("SAVEPOINT example")
    try:
        return route.handler(org, Call(call.version, call.params, body=body)).status
    except ApiError as refused:
        return refused.status
    finally:
        org.db.execute("ROLLBACK TO example")
        org.db.execute("RELEASE example")


@given(call=CALLS, body=BODIES | ROWS | WHOLES | RETRIEVES)
@example(call=("POST", "/composite/sobjects/Contact"), body={"ids": 7, "fields": {}})
@example(
    call=("POST", "/sobjects/Contact"), body={"LastName": "x", "Account": {"Id": "001SB0000000001"}}
)
@example(
    call=("POST", "/sobjects/Contact"),
    body={"LastName": "x", "Account": {"attributes": "x", "a": 1}},
)
@example(
    call=("POST", "/composite"),
    body={
        "compositeRequest": [
            {"referenceId": "a", "method": "GET", "url": "//[", "httpHeaders": {"x": 1}}
        ]
    },
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_body_is_answered(org: Org, call: tuple[str, str], body: Any) -> None:
    assert status(org, *call, body) in {200, 201, 204, 400, 404}
