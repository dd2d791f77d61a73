"""Whatever is written, in whatever order, the org stays one that Salesforce could hold."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.salesforce.dml import Operation, apply
from sandbox.salesforce.ids import record_id
from sandbox.salesforce.org import Org

PREFIXES = {"Account": "001", "Contact": "003", "Campaign": "701", "CampaignMember": "00v"}


def ids(name: str) -> st.SearchStrategy[str]:
    return st.integers(1, 3).map(lambda number: record_id(PREFIXES[name], number))


def rows(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    with_id = st.fixed_dictionaries({}, optional={"Id": ids(name), **fields})
    return st.tuples(st.just(name), st.lists(with_id | st.fixed_dictionaries(fields), max_size=3))


WRITES = st.tuples(
    st.sampled_from(["insert", "insert", "update", "delete"]),
    rows("Account", Name=st.just("Acme"), Acct_Key__c=st.sampled_from(["a", "A", "b"]))
    | rows(
        "Contact",
        LastName=st.just("Osei"),
        AccountId=ids("Account"),
        CustomerIO_Id__c=st.sampled_from(["a", "A", None]),
    )
    | rows("Campaign", Name=st.just("Winback"))
    | rows("CampaignMember", CampaignId=ids("Campaign"), ContactId=ids("Contact")),
)


@given(st.lists(WRITES, min_size=4, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_writes_leave_a_sound_org(
    writes: list[tuple[Operation, tuple[str, list[dict[str, Any]]]]],
) -> None:
    org = Org.open(":memory:")

    for operation, (name, given_rows) in writes:
        before = org.rows(f'SELECT * FROM "{name}"')  # noqa: S608  -- the test's own
        results = apply(org, operation, org.sobject(name), given_rows)
        assert len(results) == len(given_rows)
        if not any(each.success for each in results):
            assert org.rows(f'SELECT * FROM "{name}"') == before  # noqa: S608  -- the test's own

    _assert_unique(org, "Account", 'lower("Acct_Key__c")')
    _assert_unique(org, "Contact", 'lower("CustomerIO_Id__c")')
    _assert_unique(org, "CampaignMember", '"CampaignId" || "ContactId"')
    _assert_parents_live(org, "Contact", "AccountId", "Account")
    _assert_parents_live(org, "CampaignMember", "CampaignId", "Campaign")
    _assert_parents_live(org, "CampaignMember", "ContactId", "Contact")
    org.db.close()


def _assert_unique(org: Org, name: str, value: str) -> None:
    held = org.rows(f'SELECT {value} FROM "{name}" WHERE "IsDeleted" = 0 AND {value} IS NOT NULL')  # noqa: S608  -- the test's own
    assert len(held) == len(set(held))


def _assert_parents_live(org: Org, child: str, by: str, parent: str) -> None:
    sql = (
        f'SELECT 1 FROM "{child}" JOIN "{parent}" ON "{parent}"."Id" = "{child}"."{by}"'  # noqa: S608  -- the test's own
        f' WHERE "{child}"."IsDeleted" = 0 AND "{parent}"."IsDeleted" = 1'
    )
    assert org.rows(sql) == []
