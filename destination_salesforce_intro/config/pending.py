"""Settings that this version knows by name and cannot honour: refused, never ignored."""

from __future__ import annotations

from destination_salesforce_intro.config.base import Setting
from destination_salesforce_intro.errors import ConnectorError, Fault


def refuse_pending(config: Setting) -> None:
    """Refuse what was set on purpose and would have no effect.

    Raises:
        ConnectorError: Fault CONFIG, naming the setting.
    """
    for place, mapping in enumerate(getattr(config, "mappings", ())):
        if mapping.mirror:
            _refuse(f'mappings[{place}] with "mirror"')


def _refuse(what: str) -> None:
    raise ConnectorError(
        f"This version cannot honour {what}; remove it from the configuration, or use a version "
        "whose changelog lists it.",
        Fault.CONFIG,
    )
