"""What is posted elsewhere can be known to be ours."""

from datetime import UTC, datetime

import pytest

from bot.errors import UserError
from bot.settings import load_settings
from bot.webhook import key_of, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the published example of the specification


def test_the_signature_is_that_of_the_specification() -> None:
    """The example that the documentation of Standard Webhooks gives."""
    key = key_of(SECRET)
    assert key
    assert signed(
        key, "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC)
    ) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["", "secret", "whsec_", "whsec_dG9vIHNob3J0", "whsec_§§§§", SECRET[6:]])
def test_what_is_no_key_signs_nothing(secret: str) -> None:
    """Nothing, no prefix, too short, no base64."""
    assert key_of(secret) is None


@pytest.mark.parametrize("secret", ["", "whsec_dG9vIHNob3J0"])
def test_an_address_without_a_usable_secret_stops_the_start(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """One sentence says what is missing; the secret itself is not in it."""
    monkeypatch.setenv("ASIDE_CRM_WEBHOOK_URL", "https://crm.example/aside")
    monkeypatch.setenv("ASIDE_CRM_WEBHOOK_SECRET", secret)
    with pytest.raises(UserError) as refused:
        load_settings()
    assert refused.value.what == "ASIDE_CRM_WEBHOOK_SECRET has to be whsec_ and at least 24 bytes in base64."


def test_an_address_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only http and https are posted to."""
    monkeypatch.setenv("ASIDE_CRM_WEBHOOK_URL", "file:///etc/passwd")
    with pytest.raises(UserError, match="ASIDE_CRM_WEBHOOK_URL is not usable"):
        load_settings()
