"""The HTTP connection to Customer.io, which carries the key: the only network I/O of the source."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import version

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from source_customerio_segments.api.retries import AgainError, Patience
from source_customerio_segments.api.wire import Request
from source_customerio_segments.errors import ConnectorError, Fault

IN_FLIGHT = 12  # keeps 10 requests a second going at a latency of up to 1.1 s
TIMEOUT_S = (10.0, 60.0)  # to connect; between two reads of the answer
USER_AGENT = f"airbyte-source-customerio-segments/{version('airbyte-customerio-salesforce')}"


class _BearerAuth(AuthBase):
    """Sends the key; as *auth*, because requests lets a .netrc entry replace a plain header."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Connection:
    """Sends single requests to one host; usable from up to `IN_FLIGHT` threads at once.

    Args:
        base_url: Of the App API.
        key: The App API key.
        timeout_s: To connect, and between two reads of an answer.
    """

    def __init__(self, base_url: str, key: str, timeout_s: tuple[float, float]) -> None:
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._session = _session(key)

    def close(self) -> None:
        """Drop what is open."""
        self._session.close()

    def send(self, request: Request) -> requests.Response:
        """Send *request* once, whatever the answer.

        Raises:
            ConnectorError: The host's certificate cannot be verified.
            AgainError: There was no whole answer.
        """
        try:
            return self._session.request(
                request.method,
                self._base_url + request.target,
                json=request.json,
                timeout=self._timeout_s,
                allow_redirects=False,  # the key goes to no other place
            )
        except requests.exceptions.SSLError:
            raise ConnectorError(_UNTRUSTED, Fault.CONFIG) from None
        except requests.RequestException as error:
            raise AgainError(_accident(error), Patience.ACCIDENT) from None  # its text has the URL


def _session(key: str) -> requests.Session:
    session = requests.Session()
    session.auth = _BearerAuth(key)
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # threads share it
    adapter = HTTPAdapter(pool_maxsize=IN_FLIGHT, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


_UNTRUSTED = (
    "The App API's TLS certificate cannot be verified: check api_url, or the certificates of a "
    "proxy in between."
)


def _accident(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "could not be reached"
    return "broke off its answer"
