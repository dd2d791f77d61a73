"""A stream on the CDK's concurrent engine: one partition, two workers, the fastest it has."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from queue import Queue
from typing import Any

from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteStateMessage,
    ConfiguredAirbyteCatalog,
    ConnectorSpecificationSerializer,
)
from airbyte_cdk.sources import AbstractSource
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.message.concurrent_repository import ConcurrentMessageRepository
from airbyte_cdk.sources.streams import Stream
from airbyte_cdk.sources.streams.concurrent.cursor import FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import (
    PartitionGenerator,
)
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger

from benchmarks.baselines.members import STREAM, pages, record

LOGGER = logging.getLogger("airbyte")
SPEC = {"connectionSpecification": {"type": "object", "properties": {}}}


class Members(Partition):
    """All members as one partition."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._slice = StreamSlice(partition={}, cursor_slice={})

    def read(self) -> Iterable[Record]:
        """Yield every member's record."""
        for page in pages(self._config):
            for member in page:
                yield Record(record(member), STREAM, self._slice)

    def to_slice(self) -> StreamSlice:
        """Return the one slice."""
        return self._slice

    def stream_name(self) -> str:
        """Return the stream's name."""
        return STREAM

    def __hash__(self) -> int:
        return hash(STREAM)


class OnePartition(PartitionGenerator):
    """Generates that partition."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    def generate(self) -> Iterable[Partition]:
        """Yield it."""
        yield Members(self._config)


class ConcurrentMembers(AbstractSource):
    """The source around it."""

    def __init__(self) -> None:
        queue: Queue[Any] = Queue(maxsize=10_000)
        self._repository = ConcurrentMessageRepository(queue, InMemoryMessageRepository())
        self._engine = ConcurrentSource.create(
            2, 1, LOGGER, DebugSliceLogger(), self._repository, queue=queue
        )

    @property
    def message_repository(self) -> ConcurrentMessageRepository:
        """Where messages wait."""
        return self._repository

    def spec(self, logger: logging.Logger) -> Any:
        """Take any settings."""
        del logger
        return ConnectorSpecificationSerializer.load(SPEC)

    def check_connection(
        self, logger: logging.Logger, config: Mapping[str, Any]
    ) -> tuple[bool, Any]:
        """Trust it."""
        del logger, config
        return True, None

    def streams(self, config: Mapping[str, Any]) -> list[Stream]:
        """Have none of the old kind."""
        del config
        return []

    def read(
        self,
        logger: logging.Logger,
        config: Mapping[str, Any],
        catalog: ConfiguredAirbyteCatalog,
        state: list[AirbyteStateMessage] | None = None,
    ) -> Iterator[AirbyteMessage]:
        """Read the stream."""
        del logger, catalog, state
        cursor = FinalStateCursor(STREAM, None, self._repository)
        generator = OnePartition(dict(config))
        stream = DefaultStream(generator, STREAM, {}, ["cio_id"], None, LOGGER, cursor)
        yield from self._engine.read([stream])


if __name__ == "__main__":
    launch(ConcurrentMembers(), sys.argv[1:])
