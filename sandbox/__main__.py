"""`python -m sandbox`: a Slack on your own machine."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import click

from sandbox.server import Sandbox
from sandbox.world import WorldError


@click.command()
@click.option("--world", type=click.Path(path_type=Path), required=True, help="Who and what is there (YAML).")
@click.option("--manifest", type=click.Path(path_type=Path), required=True, help="The app's manifest.")
@click.option("--port", default=8765, show_default=True, help="0 takes a free one.")
@click.option("--locale", default=None, help="The language of the page and of everybody on it, such as zh-TW or en-GB.")
@click.option("--request-url", default=None, help="The app's URL for everything (HTTP mode); without it Socket Mode.")
@click.option("--story", type=click.Path(path_type=Path), default=None, help="Another story than the world's (YAML).")
def main(
    world: Path, manifest: Path, port: int, locale: str | None, request_url: str | None, story: Path | None
) -> None:
    """Serve a stand-in for Slack and a page with a seat for each person."""
    try:
        asyncio.run(_serve(Sandbox(world, manifest, port, locale=locale, story=story, request_url=request_url)))
    except WorldError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.")


async def _serve(sandbox: Sandbox) -> None:
    """Serve until the process is asked to end."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, asked.set)
    async with sandbox:
        click.echo(f"Sandbox: {sandbox.url}/")
        sys.stdout.flush()
        await asked.wait()


if __name__ == "__main__":
    main()
