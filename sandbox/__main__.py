"""`python -m sandbox`: a Slack on your own machine."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from sandbox.server import Sandbox
from sandbox.world import Json, WorldError


@click.command()
@click.option("--world", type=click.Path(path_type=Path), required=True, help="Who and what is there (YAML).")
@click.option(
    "--other",
    "others",
    type=click.Path(path_type=Path),
    multiple=True,
    help="One more workspace with the same app (YAML); as many as wanted, in HTTP mode.",
)
@click.option("--manifest", type=click.Path(path_type=Path), required=True, help="The app's manifest.")
@click.option("--port", default=8765, show_default=True, help="0 takes a free one.")
@click.option("--locale", default=None, help="The language of the page and of everybody on it, such as zh-TW or en-GB.")
@click.option("--request-url", default=None, help="The app's URL for everything (HTTP mode); without it Socket Mode.")
@click.option("--story", type=click.Path(path_type=Path), default=None, help="Another story than the world's (YAML).")
@click.option(
    "--log",
    type=click.Path(path_type=Path),
    default=None,
    envvar="SANDBOX_LOG",
    help="Where everything that goes over the wire is written, a line of JSON each.",
)
def main(
    world: Path,
    others: tuple[Path, ...],
    manifest: Path,
    port: int,
    locale: str | None,
    request_url: str | None,
    story: Path | None,
    log: Path | None,
) -> None:
    """Serve a stand-in for Slack and a page with a seat for each person."""
    try:
        sandbox = Sandbox(world, manifest, port, locale=locale, story=story, request_url=request_url, others=others)
        with _written(log) as write:
            for workspace in sandbox.workspaces.values():
                workspace.log.watch(write)
            asyncio.run(_serve(sandbox))
    except WorldError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.")


@contextlib.contextmanager
def _written(log: Path | None) -> Iterator[Callable[[Json], None]]:
    """Writes each entry that it is given to a file, or nowhere."""
    if log is None:
        yield lambda _: None
        return
    with log.open("a", encoding="utf-8", buffering=1) as file:
        yield lambda entry: print(json.dumps(entry, ensure_ascii=False), file=file)


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
