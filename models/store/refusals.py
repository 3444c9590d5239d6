"""What goes wrong between here and a hub, each as one error with its remedy. The network's own errors end here."""

from __future__ import annotations

import email.utils
import http.client
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.contracts.errors import Busy, ConnectionFailed, SottoError, TimedOut, Unavailable

if TYPE_CHECKING:
    import requests

_UNAUTHORISED, _FORBIDDEN, _MISSING, _PROXY_WANTS, _GONE, _TIMED_OUT, _TOO_MANY, _LEGAL = (
    401, 403, 404, 407, 410, 408, 429, 451,
)  # fmt: skip
_FAULTS = range(500, 600)
_HTML = ("text/html", "application/xhtml+xml")
AGAIN = "What has come so far stays on the disk; `sotto models pull {name}` goes on from there."


@dataclass(frozen=True, slots=True)
class Place:
    """What was asked for, in words for sentences: the model, its repository, and the file or ``the list of files``."""

    model: str
    repository: str
    what: str


def network_errors() -> tuple[type[Exception], ...]:
    """Everything that `requests`, urllib3 and sockets raise while something is fetched."""
    import requests
    import urllib3.exceptions

    return (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


def translated(error: Exception, url: str, place: Place) -> SottoError:
    """The error for one of `network_errors`; temporary when a second try may help."""
    import requests
    import urllib3.exceptions

    host = urlsplit(url).hostname or url
    again = AGAIN.format(name=place.model)
    if isinstance(error, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError):
        if str(_PROXY_WANTS) in str(error):
            return _proxy_wants_password()
        return ConnectionFailed(
            f"The proxy on the way to {host} does not answer as one.",
            code="proxy",
            remedy="Look at the setting network.proxy, or at https_proxy in the environment.",
        )
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return Unavailable(
            f"The certificate of {host} is not trusted by this system.",
            code="certificate",
            remedy="If a proxy of your organisation reads the traffic, add its certificate to the system's.",
        )
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Unavailable(f"{place.what} leads to an address that is none.", code="redirect")
    timeouts = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if isinstance(error, timeouts):
        return TimedOut(f"{host} says nothing any more while {place.what} is fetched.", code="stalled", remedy=again)
    cause = _innermost(error)
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return ConnectionFailed(
            f"The address of {host} cannot be found.", remedy=f"Is this machine connected to a network? {again}"
        )
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return ConnectionFailed(f"{host} cannot be reached.", remedy=again)
    return ConnectionFailed(f"The connection to {host} broke while {place.what} was fetched.", remedy=again)


def _innermost(error: Exception) -> object:
    """What urllib3 says happened, out of what requests wraps it in."""
    wrapped = error.args[0] if error.args else error
    return getattr(wrapped, "reason", None) or wrapped


def refused(response: requests.Response, place: Place) -> SottoError | None:
    """The error for an answer that is not what was asked for; None for one that may be."""
    status = response.status_code
    host = urlsplit(response.url or "").hostname or place.repository
    reason = response.headers.get("x-error-code", "")
    if status in {_UNAUTHORISED, _FORBIDDEN, _LEGAL}:
        return _locked(host, place, reason)
    if status in {_MISSING, _GONE}:
        lacks = {
            "RepoNotFound": f"the repository {place.repository}",
            "RevisionNotFound": f"the revision of {place.repository} that the catalogue names",
        }.get(reason, f"{place.what} in {place.repository}")
        return Unavailable(
            f"{host} does not have {lacks}.",
            code="not-at-hub",
            remedy="It was renamed or taken away, or the mirror lacks it: look at the setting network.mirror.",
        )
    if status == _PROXY_WANTS:
        return _proxy_wants_password()
    if status == _TOO_MANY or status == http.HTTPStatus.SERVICE_UNAVAILABLE:
        return Busy(f"{host} has too much to do.", remedy=AGAIN.format(name=place.model))
    if status == _TIMED_OUT or status in _FAULTS:
        return ConnectionFailed(f"{host} answers with the error {status}.", remedy=AGAIN.format(name=place.model))
    if status not in {200, 206, 416}:
        return Unavailable(f"{host} answers with {status}, which is no file.", code="not-at-hub")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _HTML and not place.what.endswith((".html", ".htm")):
        return not_a_model(host, place)
    return None


def not_a_model(host: str, place: Place, what: str = "a web page") -> SottoError:
    """Something else came in place of a file."""
    return Unavailable(
        f"{host} sent {what} instead of {place.what}.",
        code="not-a-model",
        remedy="A proxy or a sign-in page of this network is in between: open a web page in the browser, or look at "
        "the settings network.proxy and network.mirror.",
    )


def retry_after_s(response: requests.Response, clock: float | None = None) -> float | None:
    """How many seconds a server asks to be left alone; None when it does not say. Number or date (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    parsed = email.utils.parsedate_tz(text) if text else None
    if parsed is None:
        return None
    return max(0.0, email.utils.mktime_tz(parsed) - (time.time() if clock is None else clock))


def _locked(host: str, place: Place, reason: str) -> SottoError:
    gated = reason == "GatedRepo"
    why = "its owner wants to be asked first" if gated else "or there is no such repository"
    return Unavailable(
        f"{host} gives {place.repository} only to people it knows, {why}."
        if not gated
        else f"{host} does not give {place.repository} to everybody: {why}.",
        code="gated",
        remedy="Ask for access on its page, then set HF_TOKEN to a token of yours and pull again.",
    )


def _proxy_wants_password() -> SottoError:
    return Unavailable(
        "The proxy wants a name and a password.",
        code="proxy",
        remedy="Put them into the setting network.proxy: http://name:password@host:port.",
    )
