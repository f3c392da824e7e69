"""A signing secret that is not the app's: every request is refused, and somebody notices."""

import time

from slack_sdk.signature import SignatureVerifier
from structlog.testing import capture_logs

from bot import app as wiring
from bot.metrics import Metrics
from bot.refusals import TRIAL_HEADER, Met, Reason, Refusals, fault
from bot.serving import MOST_BYTES, Requests
from bot.settings import Settings
from sandbox.request_urls import signed
from storage import workspace as kept
from tests.core.test_metrics import series
from tests.flow.test_requests import SECRET, message, opened

BODY = message()


def headers(at: float, secret: str = SECRET, **changed: str) -> dict[str, str]:
    """What Slack sends along."""
    return signed(secret, BODY, at) | {name.replace("_", "-"): value for name, value in changed.items()}


def test_a_request_is_refused_for_a_reason() -> None:
    """A stranger's, an old one, and one signed with another secret are three things."""
    now = time.time()
    verifier = SignatureVerifier(SECRET)
    found = [
        fault(verifier, BODY.decode(), each)
        for each in (
            headers(now),
            {},
            headers(now, X_Slack_Signature="v0=雜湊"),
            headers(now, X_Slack_Signature="v1=" + "0" * 64),
            headers(now, X_Slack_Request_Timestamp="now"),
            headers(now - 302),
            headers(now, "another"),
        )
    ]
    assert found == [None, *[Reason.UNSIGNED] * 4, Reason.TOO_OLD, Reason.SIGNATURE]


async def test_a_kind_is_logged_and_noted_once_a_minute_and_counted_each_time() -> None:
    """Without words, and a stranger's noise is noted nowhere."""
    now = [1_000.0]
    saved: list[tuple[str, float]] = []
    metrics = Metrics()
    refusals = Refusals(lambda: now[0], metrics, lambda met, at: saved.append((met.value, at)))
    with capture_logs() as logs:
        for reason, is_trial in (
            (Reason.UNSIGNED, False),
            (Reason.TOO_LARGE, False),
            (Reason.SIGNATURE, True),
            (Reason.SIGNATURE, False),
            (Reason.SIGNATURE, False),
        ):
            refusals.refused(reason, is_trial=is_trial)
        refusals.taken()
        now[0] += 61
        refusals.refused(Reason.SIGNATURE)
    await refusals.stop()
    told = {"event": "requests_refused"}
    assert logs == [
        told | {"reason": "unsigned", "log_level": "info"},
        told | {"reason": "too_large", "log_level": "info"},
        told | {"reason": "signature", "log_level": "warning"},
        told | {"reason": "signature", "log_level": "warning"},
    ]
    assert sorted(saved) == [
        ("request_refused_at", 1_000.0),
        ("request_refused_at", 1_061.0),
        ("request_taken_at", 1_000.0),
    ]
    found = series(metrics.text())
    assert found["aside_requests_refused_total", (("reason", "signature"),)] == 4


async def test_what_is_taken_and_refused_is_noted_in_the_casebook(settings: Settings) -> None:
    """The doctor reads it there; a trial of its own says nothing of Slack's secret, and a stranger nothing at all."""
    metrics = Metrics()
    async with opened(settings) as door:
        refusals = wiring.refusals_of(door.parts.workspaces, metrics)
        door.server.requests = Requests(wiring.bolt_app(door.parts, SECRET), SECRET, time.time, refusals)
        found = []
        for body, sent in (
            (BODY, {}),
            (BODY, headers(time.time()) | {TRIAL_HEADER: "1"}),
            (BODY, headers(time.time(), "another") | {TRIAL_HEADER: "1"}),
            (b"x" * (MOST_BYTES + 1), {}),
            (BODY, headers(time.time(), "another")),
            (BODY, headers(time.time())),
        ):
            await door.post(body, sent)
            await refusals.stop()
            with door.parts.workspaces.casebook.look() as connection:
                found.append([kept.met_at(connection, met) is not None for met in (Met.REFUSED, Met.TAKEN)])
        wiring.refusals_of(door.parts.workspaces, metrics)
        with door.parts.workspaces.casebook.look() as connection:
            afresh = [kept.met_at(connection, met) for met in Met]
    assert found == [[False, False]] * 4 + [[True, False], [True, True]]
    assert afresh == [None, None]
    counted = {labels[0][1]: n for (name, labels), n in series(metrics.text()).items() if "refused_total" in name}
    assert counted == {"unsigned": 1, "signature": 2, "too_large": 1}
