"""Signing what we post elsewhere, as the Standard Webhooks specification says (standardwebhooks.com).

Libraries that check such a signature exist for most languages.
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
SHORTEST_KEY: Final = 24
"""Bytes; the specification asks for 24 to 64."""


def key_of(secret: str) -> bytes | None:
    """The key in a secret, `whsec_` and base64; None when there is none or it is too short."""
    if not secret.startswith(PREFIX):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) >= SHORTEST_KEY else None


def signed(key: bytes, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The headers by which the receiver knows that it was us, and when.

    Args:
        message_id: The same each time the same thing is sent, so that it is taken once.
    """
    seconds = str(int(now.timestamp()))
    digest = hmac.new(key, f"{message_id}.{seconds}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
