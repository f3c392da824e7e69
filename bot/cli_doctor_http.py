"""What `aside doctor` looks at when Slack is heard over HTTP."""

import errno
import json
import secrets
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.refusals import TRIAL_HEADER
from bot.serving import PATH, reason
from bot.settings import Settings

FORGED_SECONDS = 600.0
"""Where one of Slack's was taken so short before, the secret fits, and what was refused is somebody else's."""
PATIENCE = aiohttp.ClientTimeout(total=5)
SECRET = "Copy the signing secret (Slack app, Basic Information) into ASIDE_SLACK_SIGNING_SECRET."  # noqa: S105 - words, no secret


@dataclass(frozen=True)
class Line:
    """One check and how it ended.

    Attributes:
        do: What to do about it; empty when all is well.
        is_at_work: Whether an Aside was found there that does its work.
    """

    name: str
    found: str
    do: str = ""
    is_at_work: bool = False


async def look_at_port(settings: Settings) -> Line:
    """Whether an Aside answers on the port and is ready, or the port is free for one."""
    if settings.slack_signing_secret.get_secret_value().startswith(("xox", "xapp")):
        return Line("HTTP", "ASIDE_SLACK_SIGNING_SECRET holds a token", SECRET)
    host, port = settings.http_host, settings.port
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address, family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return await _ask(where)
        return Line("HTTP", f"{where} cannot be used: {reason(error)}", "Set ASIDE_HTTP_HOST and ASIDE_HTTP_PORT.")
    return Line("HTTP", f"{where} is free for aside run")


async def _ask(where: str) -> Line:
    """How the Aside is that has the port; no proxy leads to this machine."""
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://{where}/readyz", timeout=PATIENCE) as answer:
            found = await answer.json()
            lacks = ", ".join(f"{name} {told}" for name, told in found.items() if name != "status" and told != "ok")
            status = str(found["status"])
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError, AttributeError):
        return Line("HTTP", f"something else answers on {where}", "Take another port: ASIDE_HTTP_PORT.")
    if answer.status != HTTPStatus.OK:
        return Line("HTTP", f"Aside on {where} is {status}: {lacks}", "Mend that; the other lines say how.")
    return Line("HTTP", f"Aside on {where} is {status}" + (f" ({lacks})" if lacks else ""), is_at_work=True)


def requests(taken_at: float | None, refused_at: float | None) -> Line:
    """Whether what came with Slack's headers bore the signature of this app's secret, when it last came.

    Args:
        taken_at: When a request of Slack's was last taken since the start, in seconds since 1970.
        refused_at: When one was last refused for its signature since then.
    """
    if refused_at is not None and (taken_at is None or taken_at < refused_at - FORGED_SECONDS):
        return Line("requests", "Slack's requests are refused: the signing secret is not this app's", SECRET)
    if taken_at is None:
        return Line("requests", "none of Slack's has come yet")
    return Line(
        "requests", f"the last of Slack's was taken at {datetime.fromtimestamp(taken_at, UTC):%Y-%m-%d %H:%M} UTC"
    )


async def look_at_url(http: aiohttp.ClientSession, settings: Settings, url: str) -> Line:
    """Whether the address that Slack is given leads to an Aside with this signing secret."""
    secret = settings.slack_signing_secret.get_secret_value()
    if not secret:
        return Line("URL", "ASIDE_SLACK_SIGNING_SECRET is not set", SECRET)
    challenge, at = secrets.token_urlsafe(), str(int(time.time()))
    body = json.dumps({"type": "url_verification", "challenge": challenge})
    signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body) or ""
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": signature,
        TRIAL_HEADER: "1",
    }
    try:
        async with http.post(url, data=body, headers=headers, timeout=PATIENCE, allow_redirects=False) as answer:
            status, text = answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return Line(
            "URL",
            f"cannot be reached: {error or type(error).__name__}",
            "Check the name, the certificate and the proxy.",
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return Line(
            "URL",
            "the signature does not hold there",
            "Use the same signing secret, let the proxy change neither body nor headers, set the clocks by NTP.",
        )
    if status != HTTPStatus.OK or challenge not in text:
        return Line("URL", f"answers {status}, not as Aside does", f"Lead it to {PATH} of aside run.")
    return Line("URL", f"{url} leads to an Aside with the same signing secret")
