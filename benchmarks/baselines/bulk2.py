"""What one would write with the CDK's destination and simple-salesforce's Bulk 2.0 alone.

It maps five columns by hand, sends all records in one upsert and looks at nothing that comes back.

    python -m benchmarks.baselines.bulk2 write --config config.json --catalog catalog.json
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import requests
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    Status,
    Type,
)
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import SFBulk2Type

POLL_S = 1


class Loopback(HTTPAdapter):
    """simple-salesforce forces https, and the sandbox has none."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send over http."""
        request.url = str(request.url).replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


class Bulk2(Destination):
    """The straight way."""

    check_config_against_spec = False

    def spec(self, logger: logging.Logger) -> ConnectorSpecification:
        """Return no form; none is needed."""
        del logger
        return ConnectorSpecification(connectionSpecification={})

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Take everything for well."""
        del logger, config
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterable[AirbyteMessage]:
        """Upsert all records, then give the states back."""
        del configured_catalog
        records, states = [], []
        for message in input_messages:
            if message.type == Type.RECORD:
                records.append(message.record.data)  # type: ignore[union-attr]  # RECORDs have one
            elif message.type == Type.STATE:
                states.append(message)
        contacts = SFBulk2Type(
            "Contact", (org := _connect(config)).bulk2_url, org.headers, org.session
        )
        rows, key = self.rows(records), "CustomerIO_Id__c"
        self.settle(contacts, contacts.upsert(records=rows, external_id_field=key, wait=POLL_S))
        yield from states

    def rows(self, records: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
        """Return what is sent for *records*: all of it, as it came."""
        return list(map(row, records))

    def settle(self, contacts: SFBulk2Type, jobs: list[Any]) -> None:
        """Look at nothing that comes back."""


def row(data: Mapping[str, Any]) -> dict[str, str]:
    """Map a record by hand."""
    return {
        "CustomerIO_Id__c": data["cio_id"],
        "Email": data["email"].lower(),
        "LastName": data["name"],
        "Plan__c": data["attributes"]["plan"],
        "Cart_Value__c": data["attributes"]["ltv"],
    }


def _connect(config: Mapping[str, Any]) -> Salesforce:
    auth, url = config["auth"], config["login_url"]
    form = {key: value for key, value in auth.items() if key != "type"}
    answer = requests.post(
        f"{url}/services/oauth2/token", {"grant_type": auth["type"], **form}, timeout=60
    ).json()
    session = requests.Session()
    session.trust_env = False
    session.mount(url.replace("http://", "https://"), Loopback())
    return Salesforce(
        instance_url=url, session_id=answer["access_token"], version="65.0", session=session
    )


if __name__ == "__main__":
    Bulk2().run(sys.argv[1:])
