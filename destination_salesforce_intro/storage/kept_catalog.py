"""What ``discover`` found last, kept for some minutes: it costs an API call for every object.

The platform discovers at every step of setting a connection up, each time in a new container. What
outlasts those is the place for refused records, so the catalog is kept there. It is a help and no
more: whatever is wrong with it, the org is asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson

from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.storage.folders import Folder

PREFIX = "discovered-"
# Short enough that nobody waits long for a field just made to be offered.
MAX_AGE_S = 600

Catalog = Mapping[str, Any]


class KeptCatalog:
    """The catalog of one *key*: the org, the user, and whatever else decides what is offered.

    Args:
        folder: Where it is kept; None keeps nothing.
        key: Its texts are not stored, only their hash.
        now_s: The time, in seconds since 1970.
    """

    def __init__(self, folder: Folder | None, key: Sequence[str], now_s: float) -> None:
        self._folder = folder
        self._name = f"{PREFIX}{hashlib.sha256(orjson.dumps(key)).hexdigest()[:24]}.json"
        self._now_s = now_s

    def read(self) -> Catalog | None:
        """Return the catalog, None if there is none that can be read or it is too old."""
        with suppress(ConnectorError, orjson.JSONDecodeError, KeyError, TypeError):
            if self._folder and self._name in self._folder.names(PREFIX):
                kept = orjson.loads(self._folder.read(self._name))
                catalog: Catalog = kept["catalog"]
                return catalog if 0 <= self._now_s - kept["kept_at"] < MAX_AGE_S else None
        return None

    def keep(self, catalog: Catalog) -> None:
        """Keep *catalog*, if the place can be written to."""
        with suppress(ConnectorError):
            if self._folder:
                content = {"kept_at": self._now_s, "catalog": catalog}
                self._folder.write(self._name, orjson.dumps(content))
