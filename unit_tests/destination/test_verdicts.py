"""One table judges every error: by code, by message where the code is not enough, by status."""

import pytest

from destination_salesforce_intro.errors import Fault, TooLarge, Verdict
from destination_salesforce_intro.salesforce.answers import Refusal, Verb
from destination_salesforce_intro.salesforce.codes import CODES
from destination_salesforce_intro.salesforce.verdicts import (
    read_refusal,
    rejection,
    request_error,
    request_verdict,
    row_verdict,
)

PASSES = [
    "UNKNOWN_EXCEPTION",
    "BATCH_PROCESSING_HALTED",
    "PROCESSING_HALTED",
    "SERVER_UNAVAILABLE",
    "REQUEST_RUNNING_TOO_LONG",
    "API_CURRENTLY_DISABLED",
    "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE",
    "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
    "ORG_IN_MAINTENANCE",
    "TOO_MANY_APEX_REQUESTS",
    "INTERNAL_ERROR",
    "REALTIME_PROCESSING_TIME_EXCEEDED_LIMIT",
]
PASSES_SMALLER = ["UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "QUERY_TOO_COMPLICATED"]
REFUSES_THE_ROW = [
    "REQUIRED_FIELD_MISSING",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "FIELD_FILTER_VALIDATION_EXCEPTION",
    "FIELD_INTEGRITY_EXCEPTION",
    "INVALID_EMAIL_ADDRESS",
    "STRING_TOO_LONG",
    "NUMBER_OUTSIDE_VALID_RANGE",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "INVALID_TYPE_ON_FIELD_IN_RECORD",
    "DUPLICATES_DETECTED",
    "DUPLICATE_VALUE",
    "DUPLICATE_EXTERNAL_ID",
    "INVALID_CROSS_REFERENCE_KEY",
    "ENTITY_IS_LOCKED",
    "ENTITY_IS_ARCHIVED",
    "MALFORMED_ID",
    "INVALID_ID_FIELD",
    "MISSING_ARGUMENT",
    "CANNOT_UPDATE_CONVERTED_LEAD",
    "INACTIVE_OWNER_OR_USER",
    "DELETE_FAILED",
    "DEPENDENCY_EXISTS",
    "CANNOT_EXECUTE_FLOW_TRIGGER",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "CUSTOM_APEX_ERROR",
    "TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "SOMETHING_NOBODY_WROTE_DOWN",
]
CONFIG = [
    "INVALID_TYPE",
    "NOT_FOUND",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "FIELD_NOT_UPDATABLE",
    "INVALID_TYPE_FOR_OPERATION",
    "INVALID_ENTITY_FOR_UPSERT",
    "DELETE_NOT_ALLOWED",
    "API_DISABLED_FOR_ORG",
    "CLIENT_NOT_ACCESSIBLE_FOR_USER",
    "FUNCTIONALITY_NOT_ENABLED",
    "INVALID_LOGIN",
    "LOGIN_DURING_RESTRICTED_TIME",
    "PASSWORD_LOCKOUT",
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
    "TXN_SECURITY_NO_ACCESS",
    "UNSUPPORTED_API_VERSION",
    "ORG_LOCKED",
    "TRIAL_EXPIRED",
    "INVALID_ASSIGNMENT_RULE",
    "LICENSE_LIMIT_EXCEEDED",
    "STORAGE_LIMIT_EXCEEDED",
]
OUR_BUG = [
    "POST_BODY_PARSE_ERROR",
    "EXCEEDED_ID_LIMIT",
    "EXCEEDED_MAX_SIZE_REQUEST",
    "MALFORMED_QUERY",
    "UNSUPPORTED_MEDIA_TYPE",
    "INVALID_BATCH_SIZE",
]
EXPIRED = "Session expired or invalid"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (PASSES, Verdict.RETRY),
        (PASSES_SMALLER, Verdict.RETRY_SMALLER),
        (REFUSES_THE_ROW, Verdict.REJECT),
        (CONFIG, Verdict.STOP),
    ],
)
def test_a_row_is_judged_by_its_code(codes: list[str], expected: Verdict) -> None:
    assert {code: row_verdict("update", Refusal(code, "")) for code in codes} == dict.fromkeys(
        codes, expected
    )


@pytest.mark.parametrize(
    ("verb", "code", "message", "expected"),
    [
        ("delete", "ENTITY_IS_DELETED", "entity is deleted", Verdict.ACCEPT),
        ("delete", "NOT_FOUND", "", Verdict.ACCEPT),
        ("update", "ENTITY_IS_DELETED", "entity is deleted", Verdict.LOOK_AGAIN),
        ("create", "DUPLICATE_VALUE", "Already a campaign member.", Verdict.ACCEPT),
        (
            "upsert",
            "DUPLICATE_VALUE",
            "duplicate value found: Key__c duplicates value on record with id: 003",
            Verdict.LOOK_AGAIN,
        ),
        (
            "update",
            "DUPLICATE_VALUE",
            "duplicate value found: Key__c duplicates value on record with id: 003",
            Verdict.REJECT,
        ),
        ("upsert", "DUPLICATE_VALUE", "Duplicate external id specified: x", Verdict.RETRY_SMALLER),
        ("upsert", "INVALID_FIELD", "Foreign key external ID: A9 not found", Verdict.REJECT),
        ("upsert", "INVALID_FIELD", "No such column 'Nmae' on sobject", Verdict.STOP),
        (
            "update",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "trigger: UNABLE_TO_LOCK_ROW",
            Verdict.RETRY_SMALLER,
        ),
    ],
)
def test_some_codes_need_their_message(
    verb: Verb, code: str, message: str, expected: Verdict
) -> None:
    assert row_verdict(verb, Refusal(code, message)) is expected


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (401, "INVALID_SESSION_ID", EXPIRED, Verdict.REAUTHENTICATE),
        (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API", "stop"),
        (401, "", "", Verdict.REAUTHENTICATE),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (API) Limit exceeded.", Verdict.RETRY),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Verdict.STOP),
        (503, "", "", Verdict.RETRY),
        (429, "", "", Verdict.RETRY),
        (400, "UNKNOWN_EXCEPTION", "", Verdict.RETRY),
        (414, "", "", Verdict.RETRY_SMALLER),
        (431, "", "", Verdict.RETRY_SMALLER),
        (400, "NOBODY_KNOWS", "", Verdict.STOP),
        (302, "", "", Verdict.STOP),
    ],
)
def test_a_request_is_judged_by_code_then_status(
    status: int, code: str, message: str, expected: Verdict
) -> None:
    assert request_verdict(status, Refusal(code, message)) == expected


def test_codes_that_stop_say_whose_move_it_is() -> None:
    faults = {code: request_error(400, Refusal(code, ""), "x").fault for code in CONFIG + OUR_BUG}

    assert faults == {**dict.fromkeys(CONFIG, Fault.CONFIG), **dict.fromkeys(OUR_BUG, Fault.SYSTEM)}


def test_a_used_up_day_is_nobodys_fault_and_an_oversized_request_is_too_large() -> None:
    quota = request_error(403, Refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit"), "x")

    assert quota.fault is Fault.TRANSIENT
    assert isinstance(request_error(414, Refusal("", ""), "x"), TooLarge)


def test_an_error_never_repeats_what_salesforce_said() -> None:
    error = request_error(400, Refusal("MALFORMED_QUERY", "near 'ann@x.example'"), "a look-up")

    assert "ann@x.example" not in error.message
    assert "MALFORMED_QUERY" in error.message


def test_every_code_has_a_cause_and_a_hint_to_act_on() -> None:
    assert [code for code, known in CODES.items() if not (known.cause and known.hint)] == []
    assert rejection(Refusal("STRING_TOO_LONG", "m")).cause == "A text is longer than its field."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'[{"errorCode":"A","message":"m","fields":["F"]}]', Refusal("A", "m", ("F",))),
        ([{"errorCode": "A", "message": "m"}], Refusal("A", "m")),
        (b"<html>", Refusal("", "")),
        (b"", Refusal("", "")),
        (None, Refusal("", "")),
        (b"[]", Refusal("", "")),
    ],
)
def test_error_bodies_of_any_shape_are_read(body: object, expected: Refusal) -> None:
    assert read_refusal(body) == expected
