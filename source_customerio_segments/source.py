"""The source as a class of the CDK, for runners and test suites that want one.

The console script does not come through here (see ``run``). What the CDK's serializer does to
records holds for this way: null fields at the top of a record are left out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airbyte_cdk.models import (
    AirbyteCatalog,
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    AirbyteStateMessage,
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    FailureType,
    Status,
)
from airbyte_cdk.sources import Source
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_customerio_segments import check, commands, inputs
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.changes import Trouble
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.output import now_ms
from source_customerio_segments.protocol import encode
from source_customerio_segments.streams.batches import apart


class SourceCustomerioSegments(Source):
    """Customer.io segments behind the CDK's interface."""

    check_config_against_spec = False  # Config.parse says what is wrong without quoting it

    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Return *config*; the CDK would write the key into a file of *temp_dir*."""
        del temp_dir
        return config

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Try the settings out, and log what is worth knowing besides."""
        try:
            for remark in check.check(Config.parse(config), CustomerioClient):
                logger.log(logging.getLevelName(remark.level), remark.text)
        except ConnectorError as error:
            if error.fault is not Fault.CONFIG:
                raise _traced(error) from error
            return AirbyteConnectionStatus(status=Status.FAILED, message=error.message)
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteCatalog:
        """Return the streams."""
        del logger
        with _in_cdk_terms():
            catalog = commands.discover(Config.parse(config), CustomerioClient)
        message = AirbyteMessageSerializer.load({"type": "CATALOG", "catalog": catalog})
        return message.catalog

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterable[AirbyteMessage]:
        """Yield the messages of one sync; after the last, raise if a stream had trouble."""
        del logger
        with _in_cdk_terms():
            settings = Config.parse(config)
            configured = ConfiguredAirbyteCatalogSerializer.dump(catalog)
            streams = inputs.configured_streams(configured, commands.stream_names(settings))
            overwritten = inputs.overwritten_streams(configured)
            states = inputs.stream_states(
                [AirbyteStateMessageSerializer.dump(each) for each in state or []]
            )
            troubles = []
            messages = commands.read(
                settings, streams, states, CustomerioClient, now_ms, overwritten
            )
            for each in apart(messages):
                if isinstance(each, Trouble):
                    troubles.append(each.error)
                yield AirbyteMessageSerializer.load(encode(each, now_ms()))
            if troubles:
                raise troubles[0]


@contextmanager
def _in_cdk_terms() -> Iterator[None]:
    try:
        yield
    except ConnectorError as error:
        raise _traced(error) from error


def _traced(error: ConnectorError) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=error.message,
        internal_message=error.message,
        failure_type=FailureType(error.fault.value),
    )
