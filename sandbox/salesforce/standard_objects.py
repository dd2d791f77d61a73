"""The objects of the standard org: what a team has that keeps audiences in Salesforce."""

from __future__ import annotations

from sandbox.salesforce.field_types import (
    checkbox,
    currency,
    day,
    email,
    external_id,
    formula,
    long_text,
    lookup,
    moment,
    multi_select,
    number,
    owner,
    phone,
    picklist,
    sobject,
    text,
)
from sandbox.salesforce.schema import Field, SObject

LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
FULL_NAME = "ltrim(coalesce(\"FirstName\", '') || ' ' || \"LastName\")"
VIP_SCORE = 'CASE WHEN "Is_VIP__c" THEN 100.0 ELSE 0.0 END'


def standard_objects() -> list[SObject]:
    """Return the objects of a new org."""
    return [_user(), _account(), _contact(), _lead(), *_campaigns(), _membership()]


def _user() -> SObject:
    names = [text("Username", 80, id_lookup=True, unique=True, nillable=False)]
    names += [text("FirstName", 40), text("LastName", 80, nillable=False), _full_name()]
    rest = [Field("Email", "email", length=128, nillable=False), checkbox("IsActive")]
    return sobject("User", "005", *names, *rest, deletable=False)


def _account() -> SObject:
    return sobject(
        "Account",
        "001",
        text("Name", 255, nillable=False),
        picklist("Type", "Customer", "Prospect", "Partner", "Other"),
        Field("Website", "url", length=255),
        phone("Phone"),
        picklist("Industry", "Retail", "Technology", "Other"),
        long_text("Description"),
        owner(),
        lookup("MasterRecordId", "Account", createable=False, updateable=False),
        external_id("Acct_Key__c", 64),
    )


def _contact() -> SObject:
    return sobject(
        "Contact",
        "003",
        *_person(),
        text("Title", 128),
        day("Birthdate"),
        *_address("Mailing"),
        lookup("AccountId", "Account", on_parent_delete="cascade"),
        lookup("MasterRecordId", "Contact", createable=False, updateable=False),
        *_audience_fields(),
    )


def _lead() -> SObject:
    written_by_conversion = {"createable": False, "updateable": False}
    return sobject(
        "Lead",
        "00Q",
        *_person(),
        text("Title", 128),
        text("Company", 255, nillable=False),
        picklist(
            "Status",
            "Open - Not Contacted",
            "Working - Contacted",
            "Closed - Converted",
            nillable=False,
            defaulted_on_create=True,
            default_value="Open - Not Contacted",
        ),
        *_address(""),
        checkbox("IsConverted", **written_by_conversion),
        day("ConvertedDate", **written_by_conversion),
        lookup("ConvertedContactId", "Contact", **written_by_conversion),
        lookup("ConvertedAccountId", "Account", **written_by_conversion),
        lookup("MasterRecordId", "Lead", createable=False, updateable=False),
        *_audience_fields(),
    )


def _campaigns() -> list[SObject]:
    campaign = sobject(
        "Campaign",
        "701",
        text("Name", 80, nillable=False),
        picklist("Type", "Email", "Webinar", "Other", length=40),
        picklist("Status", "Planned", "In Progress", "Completed", "Aborted", length=40),
        checkbox("IsActive"),
        day("StartDate"),
        day("EndDate"),
        long_text("Description"),
        owner(),
        external_id("CustomerIO_Segment_Id__c", 18),
        number("Audience_Size__c"),
    )
    return [campaign, _campaign_member(), _campaign_member_status()]


def _campaign_member() -> SObject:
    goes_with_parent = {"updateable": False, "on_parent_delete": "cascade"}
    return sobject(
        "CampaignMember",
        "00v",
        lookup("CampaignId", "Campaign", nillable=False, **goes_with_parent),
        lookup("ContactId", "Contact", **goes_with_parent),
        lookup("LeadId", "Lead", **goes_with_parent),
        picklist("Status", "Sent", "Responded", length=40),
        checkbox("HasResponded", createable=False, updateable=False),
        day("FirstRespondedDate", createable=False, updateable=False),
    )


def _campaign_member_status() -> SObject:
    return sobject(
        "CampaignMemberStatus",
        "01Y",
        lookup(
            "CampaignId", "Campaign", nillable=False, updateable=False, on_parent_delete="cascade"
        ),
        text("Label", 40, nillable=False),
        checkbox("HasResponded"),
        checkbox("IsDefault"),
    )


def _membership() -> SObject:
    name = Field(
        "Name",
        "string",
        length=80,
        nillable=False,
        auto_number=True,
        id_lookup=True,
        createable=False,
        updateable=False,
        defaulted_on_create=True,
    )
    return sobject(
        "CustomerIO_Membership__c",
        "a00",
        name,
        owner(),
        external_id("Key__c", 128),
        lookup("Contact__c", "Contact"),
        lookup("Lead__c", "Lead"),
        text("Segment_Id__c", 18),
        text("Segment_Name__c", 255),
        checkbox("Active__c"),
        moment("Entered_At__c"),
        moment("Exited_At__c"),
    )


def _full_name() -> Field:
    return formula("Name", "string", FULL_NAME, length=121)


def _person() -> list[Field]:
    return [
        text("LastName", 80, nillable=False),
        text("FirstName", 40),
        _full_name(),
        email(),
        phone("Phone"),
        phone("MobilePhone"),
        picklist("LeadSource", *LEAD_SOURCES),
        long_text("Description"),
        checkbox("HasOptedOutOfEmail"),
        owner(),
    ]


def _address(kind: str) -> list[Field]:
    street = Field(f"{kind}Street", "textarea", length=255)
    return [
        street,
        text(f"{kind}City", 40),
        text(f"{kind}State", 80),
        text(f"{kind}PostalCode", 20),
        text(f"{kind}Country", 80),
    ]


def _audience_fields() -> list[Field]:
    return [
        external_id("CustomerIO_Id__c", 64),
        picklist("LTV_Tier__c", "low", "med", "high", restricted_picklist=True),
        moment("Last_Intent_At__c"),
        text("Intent_Type__c", 40),
        checkbox("Is_VIP__c"),
        checkbox("Is_Cart_Abandoner__c"),
        checkbox("Is_Lapsed__c"),
        checkbox("Is_Suppressed__c"),
        multi_select("Segments__c"),
        currency("Cart_Value__c"),
        text("Status__c", 40),
        picklist("Plan__c", "free", "basic", "premium"),
        moment("CustomerIO_Changed_At__c"),
        checkbox("Marketing_Opt_In__c"),
        long_text("Notes__c"),
        formula("Score__c", "double", VIP_SCORE, precision=18, scale=2),
        external_id("Legacy_Id__c", 64, unique=False),
        external_id("Customer_No__c", 64, case_sensitive=True),
    ]
