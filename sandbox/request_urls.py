"""HTTP mode: each event, command and click is a signed POST to the app's request URL."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode

import aiohttp

from sandbox.delivery import ACK_SECONDS, RETRY_AFTER, Delivery, Parcel, UnansweredError
from sandbox.log import Log
from sandbox.manifest import Manifest
from sandbox.state import RefusalError
from sandbox.world import Json

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
VERIFY_EVERY = 0.5
UNVERIFIED = "The URL did not answer with the value of the challenge."


class Answer(NamedTuple):
    """What the app's server answered."""

    status: int
    type: str
    body: str
    no_retry: bool


def signed(secret: str, body: bytes, now: float) -> dict[str, str]:
    """The two headers by which an app knows that a request is Slack's: the time, and a hash over it and the body."""
    at = str(int(now))
    digest = hmac.new(secret.encode(), b":".join((b"v0", at.encode(), body)), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}


class RequestUrls(Delivery):
    """The app's request URLs, as its manifest names them. Events go only to one that has met the challenge.

    The time in a signature is the real one, wherever a test has moved the sandbox's present.
    """

    def __init__(
        self,
        manifest: Manifest,
        secret: str,
        log: Log,
        on_change: Callable[[bool], None],
        retry_after: Sequence[float] = RETRY_AFTER,
        ack_seconds: float = ACK_SECONDS,
    ) -> None:
        super().__init__(log, retry_after, ack_seconds)
        self._manifest = manifest
        self._secret = secret
        self._on_change = on_change
        self._http: aiohttp.ClientSession | None = None
        self._verifying: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the URL for events is the one that met the challenge."""
        return self._manifest.is_verified

    async def set_url(self, url: str) -> None:
        """Enter one URL for everything, as in the app's settings; events flow once it has met the challenge.

        Raises:
            RefusalError: It does not answer, or not with the challenge.
        """
        self._manifest.call_at(url)
        challenge = secrets.token_urlsafe(40)
        body = {"token": "sandbox", "challenge": challenge, "type": "url_verification"}
        try:
            answer = await self._post(url, JSON_TYPE, json.dumps(body).encode(), {})
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeDecodeError) as error:
            raise RefusalError("url_not_verified", UNVERIFIED) from error
        if answer.status != HTTPStatus.OK or _echoed(answer) != challenge:
            raise RefusalError("url_not_verified", UNVERIFIED)
        self._manifest.verify(url)
        self._on_change(True)  # noqa: FBT003 - the callback has one argument and its name says what it is

    def keep_verifying(self, url: str) -> None:
        """Enter a URL and press "retry" until it meets the challenge."""

        async def press() -> None:
            while not self.connected:
                with contextlib.suppress(RefusalError):
                    await self.set_url(url)
                    return
                await asyncio.sleep(VERIFY_EVERY)

        self._manifest.call_at(url)
        self._verifying = asyncio.create_task(press())

    def send_event(self, name: str, payload: Json) -> None:
        """Bring an event to the app, once its URL is verified."""
        if self.connected:
            super().send_event(name, payload)

    async def bring(self, parcel: Parcel) -> Json:
        """POST it, and return what was answered."""
        url = self._url(parcel)
        body = _body(parcel)
        entry: Json = {"url": url, "payload": parcel.payload, "type": parcel.kind}
        headers = {}
        if parcel.kind == "events_api":
            entry |= {"retry_attempt": parcel.attempt, "retry_reason": parcel.reason}
            if parcel.attempt:
                headers = {"X-Slack-Retry-Num": str(parcel.attempt), "X-Slack-Retry-Reason": parcel.reason}
        if url is None:
            self.log.add("event", parcel.name, entry, ok=False, error="dispatch_failed")
            raise UnansweredError("dispatch_failed", "connection_failed")
        self.log.add("event", parcel.name, entry)
        kind = JSON_TYPE if parcel.kind == "events_api" else FORM_TYPE
        try:
            return self._heard(parcel, await self._post(url, kind, body, headers))
        except TimeoutError:
            lack = UnansweredError("operation_timeout", "http_timeout")
        except (aiohttp.ClientError, OSError):
            lack = UnansweredError("dispatch_failed", "connection_failed")
        except UnicodeDecodeError:
            lack = UnansweredError("dispatch_failed", "http_error")
        self.log.add("response", parcel.name, {"reason": lack.reason}, ok=False, error=lack.code)
        raise lack

    def _heard(self, parcel: Parcel, answer: Answer) -> Json:
        """What an answer acknowledges with: 2xx for an event, 200 for a person, whose answer may have a body.

        Raises:
            UnansweredError: The answer is no acknowledgement.
        """
        is_event = parcel.kind == "events_api"
        least_bad = HTTPStatus.MULTIPLE_CHOICES if is_event else HTTPStatus.CREATED
        well = HTTPStatus.OK <= answer.status < least_bad
        payload = {} if is_event or not answer.body.strip() else _said(answer)
        if not well or payload is None:
            kept = {"status": answer.status, "body": answer.body}
            self.log.add("response", parcel.name, kept, ok=False, error="dispatch_failed")
            raise UnansweredError("dispatch_failed", "http_error", is_final=answer.no_retry)
        entry = {"status": answer.status, "payload": payload}
        self.log.add("response", parcel.name, entry, ok=True, summary="ack")
        return payload

    def _url(self, parcel: Parcel) -> str | None:
        """Where this goes, by the manifest."""
        settings = self._manifest.settings
        if parcel.kind == "events_api":
            return settings.event_subscriptions.request_url
        if parcel.kind == "slash_commands":
            command = self._manifest.command(str(parcel.payload["command"]))
            return command.url if command else None
        if parcel.payload["type"] == "block_suggestion":
            return settings.interactivity.message_menu_options_url
        return settings.interactivity.request_url

    async def _post(self, url: str, kind: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self._http is None:
            self._http = aiohttp.ClientSession(headers={"User-Agent": USER_AGENT, "Accept": "*/*"})
        sent = {"Content-Type": kind, **signed(self._secret, body, time.time()), **headers}
        async with (
            asyncio.timeout(self.ack_seconds),
            self._http.post(url, data=body, headers=sent, allow_redirects=False) as answer,
        ):
            text = (await answer.read()).decode()
            return Answer(
                answer.status, answer.content_type, text, no_retry=answer.headers.get("X-Slack-No-Retry") == "1"
            )

    async def stop(self) -> None:
        """Stop trying."""
        if self._verifying is not None:
            self._verifying.cancel()
            await asyncio.gather(self._verifying, return_exceptions=True)
        await super().stop()
        if self._http is not None:
            await self._http.close()


def _body(parcel: Parcel) -> bytes:
    """Events are JSON, commands a form, interactions a form with JSON in one field."""
    if parcel.kind == "events_api":
        return json.dumps(parcel.payload, ensure_ascii=False).encode()
    if parcel.kind == "slash_commands":
        return urlencode(parcel.payload).encode()
    return urlencode({"payload": json.dumps(parcel.payload, ensure_ascii=False)}).encode()


def _said(answer: Answer) -> Json | None:
    """The body of an answer to a person: an object in JSON, or plain text; None when it is neither."""
    if answer.type != JSON_TYPE:
        return {"text": answer.body}
    try:
        said = json.loads(answer.body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _echoed(answer: Answer) -> str:
    """The challenge that an answer gives back, in JSON or plainly."""
    said = _said(answer) or {}
    return str(said.get("challenge") or said.get("text") or "")
