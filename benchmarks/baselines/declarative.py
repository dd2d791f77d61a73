"""A declarative source, which makes the same records with ``AddFields``.

It is spared the fields that are null, as the CDK leaves those out of what it writes.
"""

from __future__ import annotations

import sys
from typing import Any

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)

from benchmarks.baselines.members import MEMBERS_PER_PAGE, SEGMENT, STREAM, record, settings

SHARED = {
    name: value
    for name, value in record({"cio_id": None, "id": None, "email": None}).items()
    if value is not None
}

MANIFEST: dict[str, Any] = {
    "version": "7.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": [STREAM]},
    "spec": {
        "type": "Spec",
        "connection_specification": {"type": "object", "properties": {}},
    },
    "streams": [
        {
            "type": "DeclarativeStream",
            "name": STREAM,
            "primary_key": ["cio_id"],
            "transformations": [
                {
                    "type": "AddFields",
                    "fields": [
                        {"type": "AddedFieldDefinition", "path": [name], "value": str(value)}
                        for name, value in SHARED.items()
                    ],
                }
            ],
            "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object"}},
            "retriever": {
                "type": "SimpleRetriever",
                "requester": {
                    "type": "HttpRequester",
                    "url_base": "{{ config['api_url'] }}",
                    "path": f"/v1/segments/{SEGMENT}/membership",
                    "authenticator": {
                        "type": "BearerAuthenticator",
                        "api_token": "{{ config['app_api_key'] }}",
                    },
                    "request_parameters": {"limit": str(MEMBERS_PER_PAGE)},
                },
                "record_selector": {
                    "type": "RecordSelector",
                    "extractor": {"type": "DpathExtractor", "field_path": ["identifiers"]},
                },
                "paginator": {
                    "type": "DefaultPaginator",
                    "page_token_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "start",
                    },
                    "pagination_strategy": {
                        "type": "CursorPagination",
                        "cursor_value": "{{ response['next'] }}",
                        "stop_condition": "{{ not response['next'] }}",
                    },
                },
            },
        }
    ],
}


def main() -> None:
    """Read by the manifest."""
    arguments = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    catalog = ConfiguredAirbyteCatalogSerializer.load(settings(arguments["--catalog"]))
    config = settings(arguments["--config"])
    source = ConcurrentDeclarativeSource(catalog, config, None, source_config=MANIFEST)
    launch(source, sys.argv[1:])


if __name__ == "__main__":
    main()
