"""The destination as a class of the CDK, for runners and test suites that want one.

The console script does not come through here (see ``run``). What the CDK's decoding does to STATE
messages holds for this way: keys that it does not know are gone before `write` sees them.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    FailureType,
    Status,
)
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from destination_salesforce_intro import commands, inputs
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.output import Output


class DestinationSalesforceIntro(Destination):
    """Salesforce behind the CDK's interface."""

    check_config_against_spec = False  # Config.parse says what is wrong without quoting it

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Try the settings out."""
        del logger
        try:
            commands.check(Config.parse(config), Output(io.BytesIO()))
        except ConnectorError as error:
            return AirbyteConnectionStatus(status=Status.FAILED, message=error.message)
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterable[AirbyteMessage]:
        """Apply *input_messages*; yield every STATE once what came before it is safe."""
        with _in_cdk_terms():
            streams = inputs.configured_streams(
                ConfiguredAirbyteCatalogSerializer.dump(configured_catalog)
            )
            lines = (orjson.dumps(AirbyteMessageSerializer.dump(each)) for each in input_messages)
            output = Output(io.BytesIO())
            for message in commands.write(Config.parse(config), streams, lines, output):
                yield AirbyteMessageSerializer.load(message)


@contextmanager
def _in_cdk_terms() -> Iterator[None]:
    try:
        yield
    except ConnectorError as error:
        raise AirbyteTracedException(
            message=error.message,
            internal_message=error.message,
            failure_type=FailureType(error.fault.value),
        ) from error
