"""Describe answers become typed values; what is missing or unknown degrades, and never raises."""

from destination_salesforce_intro.org.schema import FieldSchema, ObjectSchema
from unit_tests.destination.builders import CONTACT, external_id, field, schema


def test_names_are_found_in_any_case() -> None:
    found = CONTACT.field("customerio_id__C")

    assert found is not None
    assert found.name == "CustomerIO_Id__c"
    assert CONTACT.relationships["account"].name == "AccountId"
    assert CONTACT.field("Nope__c") is None


def test_nearest_name_is_offered_only_if_it_is_near() -> None:
    assert CONTACT.nearest("CustomerIOId__c") == "CustomerIO_Id__c"
    assert CONTACT.nearest("Shoe_Size__c") is None


def test_type_nobody_knows_degrades_to_text() -> None:
    """Airbyte's own destination fails its whole discovery on such a field."""
    odd = schema(fields=[{"name": "Odd__c", "type": "hologram"}, {"name": "Bare__c"}])

    assert [f.type for f in odd.fields.values()] == ["string", "string"]
    assert odd.fields["bare__c"] == FieldSchema(name="Bare__c", type="string")


def test_required_on_create_is_what_is_neither_nillable_nor_defaulted() -> None:
    required = [f.name for f in CONTACT.fields.values() if f.is_required_on_create]

    assert required == ["LastName"]


def test_case_counts_only_where_describe_says_so() -> None:
    fields = [external_id("A__c"), external_id("B__c", caseSensitive=True), field("N__c", "double")]
    folds = [f.ignores_case for f in schema(fields=fields).fields.values()]

    assert folds == [True, False, False]


def test_inactive_picklist_values_are_left_out() -> None:
    values = [{"value": "a", "active": True}, {"value": "b", "active": False}]
    parsed = FieldSchema.parse(field("P__c", "picklist", picklistValues=values))

    assert parsed.picklist == ("a",)


def test_null_lists_and_missing_flags_count_as_none() -> None:
    parsed = ObjectSchema.parse({"name": "X__c", "fields": None})

    assert not parsed.fields
    assert (parsed.createable, parsed.deletable, parsed.key_prefix) == (False, False, None)
