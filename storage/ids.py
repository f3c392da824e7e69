"""Ids of what is kept."""

import uuid


def new_id() -> str:
    """An opaque id that tells nothing to whoever reads it in Slack's metadata."""
    return uuid.uuid4().hex
