"""The smallest Bolt app that whispers: it repeats each message to one person.

Usage: echo_bot.py USER
"""

import asyncio
import os
import sys
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main(listener: str) -> None:
    """Connect to the server that the environment names, and echo until killed."""
    client = AsyncWebClient(token=os.environ["ASIDE_SLACK_BOT_TOKEN"], base_url=os.environ["ASIDE_SLACK_API_URL"])
    app = AsyncApp(client=client)

    @app.event("message")
    async def echo(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.chat_postEphemeral(channel=event["channel"], user=listener, text=event["text"])

    handler = AsyncSocketModeHandler(app, os.environ["ASIDE_SLACK_APP_TOKEN"])
    await handler.start_async()  # type: ignore[no-untyped-call]  # Bolt has no type here


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
