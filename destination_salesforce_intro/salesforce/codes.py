"""What each of Salesforce's error codes means: the one table, in the words of the operator.

Codes are those of the partner WSDL (StatusCode, ExceptionCode) that a writer of records can meet;
their classes follow the REST and Bulk API guides and what other clients have learnt. A code that
also needs its message to be judged is split in ``verdicts``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from destination_salesforce_intro.errors import Fault, Verdict


class Meaning(NamedTuple):
    """What to do about a code; *cause* and *hint* say why it came and what a person can do."""

    verdict: Verdict
    cause: str
    hint: str
    fault: Fault = Fault.CONFIG  # whose move it is when the verdict is to stop


def _retry(cause: str) -> Meaning:
    return Meaning(Verdict.RETRY, cause, "Send the record again later.", Fault.TRANSIENT)


def _smaller(cause: str) -> Meaning:
    return Meaning(Verdict.RETRY_SMALLER, cause, "Send the record again later.", Fault.TRANSIENT)


def _reject(cause: str, hint: str) -> Meaning:
    return Meaning(Verdict.REJECT, cause, hint)


def _stop(cause: str, hint: str, fault: Fault = Fault.CONFIG) -> Meaning:
    return Meaning(Verdict.STOP, cause, hint, fault)


def _defect(cause: str) -> Meaning:
    return _stop(cause, "Report this to the connector's maintainers.", Fault.SYSTEM)


_ADMIN = "Ask a Salesforce administrator to lift this for the integration user."
_LATER = "Nothing to change: the next sync sends it again."

CODES = MappingProxyType(
    {
        # --- passes by itself ------------------------------------------------------------------
        "UNKNOWN_EXCEPTION": _retry("Salesforce failed inside, perhaps in a trigger"),
        "BATCH_PROCESSING_HALTED": _retry("Salesforce stopped the batch before this row"),
        "PROCESSING_HALTED": _retry("Salesforce stopped the request before this row"),
        "SERVER_UNAVAILABLE": _retry("Salesforce is overloaded or in maintenance"),
        "REQUEST_RUNNING_TOO_LONG": _retry("Salesforce gave up on a slow request"),
        "API_CURRENTLY_DISABLED": _retry("Salesforce has switched its API off for now"),
        "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE": _retry("Salesforce has switched this off for now"),
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": _retry("the org is read-only now"),
        "ORG_IN_MAINTENANCE": _retry("the org is in maintenance"),
        "TOO_MANY_APEX_REQUESTS": _retry("too many triggers run at once"),
        "INTERNAL_ERROR": _retry("Salesforce failed inside"),
        "REALTIME_PROCESSING_TIME_EXCEEDED_LIMIT": _retry("too much ran at once in the org"),
        # --- passes in smaller batches ---------------------------------------------------------
        "UNABLE_TO_LOCK_ROW": _smaller("another process holds the record or its parent"),
        "QUERY_TIMEOUT": _smaller("the query took Salesforce too long"),
        "QUERY_TOO_COMPLICATED": _smaller("the query is too large for Salesforce"),
        # --- done already ----------------------------------------------------------------------
        "ENTITY_IS_DELETED": _reject(
            "the record was deleted in Salesforce", "Send the record again to create it anew."
        ),
        # --- this row will not do --------------------------------------------------------------
        "REQUIRED_FIELD_MISSING": _reject(
            "the record lacks a field that this object requires",
            "Map the field, or give it a constant.",
        ),
        "FIELD_CUSTOM_VALIDATION_EXCEPTION": _reject(
            "a validation rule of the org refused the record",
            "Correct the record at its source, or relax the rule.",
        ),
        "FIELD_FILTER_VALIDATION_EXCEPTION": _reject(
            "a lookup filter of the org refused the related record",
            "Relate a record that passes the filter.",
        ),
        "FIELD_INTEGRITY_EXCEPTION": _reject(
            "two fields of the record contradict each other",
            "Compare the fields named with the object's rules.",
        ),
        "INVALID_EMAIL_ADDRESS": _reject(
            "Salesforce takes the e-mail address for malformed",
            'Correct it at its source, or use "format": "email".',
        ),
        "STRING_TOO_LONG": _reject(
            "a text is longer than its field",
            'Lengthen the field, or set "on_too_long": "truncate" in its rule.',
        ),
        "NUMBER_OUTSIDE_VALID_RANGE": _reject(
            "a number does not fit its field", "Correct it at its source, or widen the field."
        ),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _reject(
            "a value is not in its restricted picklist",
            'Add the value in Salesforce, or map it with "values".',
        ),
        "INVALID_TYPE_ON_FIELD_IN_RECORD": _reject(
            "a value has the wrong type for its field", "Choose a format, or another field."
        ),
        "JSON_PARSER_ERROR": _reject(
            "a value has the wrong form for its field", "Choose a format, or another field."
        ),
        "INVALID_FIELD": _reject(
            "the related record named by the mapping does not exist",
            "Write the related record first.",
        ),
        "DUPLICATES_DETECTED": _reject(
            "a duplicate rule of the org blocks the record",
            "Merge the duplicates, or let the integration user pass the rule.",
        ),
        "DUPLICATE_VALUE": _reject(
            "another record holds a value that must be unique",
            "Correct the value, or merge the two records.",
        ),
        "DUPLICATE_EXTERNAL_ID": _reject(
            "several records hold this key",
            'Merge them, or set "on_multiple_matches".',
        ),
        "INVALID_CROSS_REFERENCE_KEY": _reject(
            "the record, or one it refers to, does not exist or is not visible",
            "Check the reference, and the integration user's access.",
        ),
        "ENTITY_IS_LOCKED": _reject(
            "the record is locked by an approval process", "Finish the approval, then replay."
        ),
        "ENTITY_IS_ARCHIVED": _reject("the record is archived", "Restore it, then replay."),
        "MALFORMED_ID": _reject("an Id is malformed", "Correct it at its source."),
        "INVALID_ID_FIELD": _reject("an Id is malformed", "Correct it at its source."),
        "MISSING_ARGUMENT": _reject("the record lacks its key", "Fill the key at its source."),
        "CANNOT_UPDATE_CONVERTED_LEAD": _reject(
            "the lead was converted",
            "Map the contact it became, or allow editing of converted leads.",
        ),
        "INACTIVE_OWNER_OR_USER": _reject(
            "the record's owner is inactive", "Give the record an active owner."
        ),
        "DELETE_FAILED": _reject(
            "other records depend on this one", "Delete or detach those first."
        ),
        "DEPENDENCY_EXISTS": _reject(
            "other records depend on this one", "Delete or detach those first."
        ),
        "CANNOT_EXECUTE_FLOW_TRIGGER": _reject(
            "a flow of the org failed on the record", "Have the flow's owner look at it."
        ),
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _reject(
            "a trigger of the org failed on the record", "Have the trigger's owner look at it."
        ),
        "CUSTOM_APEX_ERROR": _reject(
            "Apex code of the org refused the record", "Have the code's owner look at it."
        ),
        "TEXT_DATA_OUTSIDE_SUPPORTED_CHARSET": _reject(
            "a text has characters that Salesforce cannot store", "Correct it at its source."
        ),
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _reject(
            "the integration user may not touch a related record", "Share that record with it."
        ),
        "INSUFFICIENT_ACCESS_OR_READONLY": _reject(
            "the integration user may not change this record", "Share it with write access."
        ),
        # --- no row will do --------------------------------------------------------------------
        "NOT_FOUND": _stop(
            "Salesforce does not know this object, field or API version",
            "Check the mapping's names and api_version.",
        ),
        "INVALID_TYPE": _stop(
            "Salesforce does not know the object, or hides it from this user",
            "Check the mapping's object and the user's permissions.",
        ),
        "INVALID_FIELD_FOR_INSERT_UPDATE": _stop(
            "a mapped field may not be written by this user", "Check its field-level security."
        ),
        "FIELD_NOT_UPDATABLE": _stop("a mapped field is read-only", "Take it out of the mapping."),
        "INVALID_TYPE_FOR_OPERATION": _stop(
            "the object does not allow this operation", "Choose another object or operation."
        ),
        "INVALID_ENTITY_FOR_UPSERT": _stop(
            "the object cannot be upserted", 'Use "operation": "update" or "insert".'
        ),
        "DELETE_NOT_ALLOWED": _stop(
            "the object cannot be deleted", 'Use on_exit "clear" or "set".'
        ),
        "API_DISABLED_FOR_ORG": _stop("the org or user has no API access", _ADMIN),
        "CLIENT_NOT_ACCESSIBLE_FOR_USER": _stop("the user may not use this app", _ADMIN),
        "FUNCTIONALITY_NOT_ENABLED": _stop("the org lacks a feature that this needs", _ADMIN),
        "FEATURENOTENABLED": _stop("the org lacks a feature that this needs", _ADMIN),
        "INVALID_LOGIN": _stop("Salesforce refused the login", "Check the credentials."),
        "PASSWORD_LOCKOUT": _stop("the user is locked out", _ADMIN),
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": _stop("the user's password expired", _ADMIN),
        "UNSUPPORTED_API_VERSION": _stop(
            "Salesforce no longer serves this API version", "Raise api_version."
        ),
        "INVALIDVERSION": _stop(
            "Salesforce does not serve this API version", "Change api_version."
        ),
        "ORG_LOCKED": _stop("the org is locked", _ADMIN),
        "TRIAL_EXPIRED": _stop("the org's trial has expired", _ADMIN),
        "INVALID_ASSIGNMENT_RULE": _stop("the assignment rule does not exist", _ADMIN),
        "LICENSE_LIMIT_EXCEEDED": _stop("the org has no licence left for this", _ADMIN),
        "STORAGE_LIMIT_EXCEEDED": _stop(
            "the org's storage is full", "Free storage (the recycle bin counts) or buy more."
        ),
        "REQUEST_LIMIT_EXCEEDED": _stop(
            "the org's daily API requests are used up", _LATER, Fault.TRANSIENT
        ),
        "EXCEEDEDQUOTA": _stop("the org's Bulk API quota is used up", _LATER, Fault.TRANSIENT),
        "INVALID_SESSION_ID": _stop(
            "Salesforce does not take this session for the REST API",
            "Check the app's session policy, and that the URL ends in my.salesforce.com.",
        ),
        "INVALIDJOB": _stop(
            "Salesforce refused the Bulk job", "Check that the identity field is an External ID."
        ),
        # --- our own mistake -------------------------------------------------------------------
        "POST_BODY_PARSE_ERROR": _defect("Salesforce could not read our request"),
        "EXCEEDED_ID_LIMIT": _defect("our request named too many records"),
        "EXCEEDED_MAX_SIZE_REQUEST": _defect("our request was too large"),
        "MALFORMED_QUERY": _defect("Salesforce could not read our query"),
        "UNSUPPORTED_MEDIA_TYPE": _defect("Salesforce does not take our content type"),
        "INVALID_BATCH_SIZE": _defect("our request was too large"),
    }
)

_PREFIXES = (
    ("LOGIN_", _stop("Salesforce refused the login", "Check the user's login restrictions.")),
    ("TXN_SECURITY_", _stop("a transaction security policy blocks this user", _ADMIN)),
)
_UNKNOWN = _reject("Salesforce refused the record", "Look the code up in Salesforce's API guide.")


def meaning(code: str) -> Meaning | None:
    """Return what *code* means, or None when nobody has written it down here."""
    known = CODES.get(code.upper())
    if known:
        return known
    return next((what for prefix, what in _PREFIXES if code.startswith(prefix)), None)


def row_meaning(code: str) -> Meaning:
    """Return what *code* means on a row; an unknown code refuses the row under its own name."""
    return meaning(code) or _UNKNOWN
