"""`aside run`: the real Slack."""

import asyncio

import click

from bot import app
from bot.cli import run_async
from bot.logs import log_as_json
from bot.metrics import Metrics
from bot.settings import load_settings


@click.command("run")
@click.option("--host", default=None, help="Where to serve HTTP, instead of ASIDE_HTTP_HOST.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=None,
    help="On which port, instead of ASIDE_HTTP_PORT; 0 takes a free one.",
)
def run_command(host: str | None, port: int | None) -> None:
    """Serve Slack until stopped.

    Needs ASIDE_SLACK_BOT_TOKEN (xoxb-…) and one of two: with ASIDE_SLACK_APP_TOKEN (xapp-…) Slack is heard over Socket
    Mode; with ASIDE_SLACK_SIGNING_SECRET over HTTP, in signed requests to /slack/events. `aside doctor` checks them.

    HTTP also answers /healthz and /readyz; over Socket Mode too, once there is a port. Ctrl-C or SIGTERM ends it: what
    was begun is finished first, for some seconds. A second one ends it at once.
    """
    settings = load_settings()
    changes = {"http_host": host, "http_port": port}
    settings = settings.model_copy(update={name: value for name, value in changes.items() if value is not None})
    metrics = Metrics()
    log_as_json(settings.log_level, metrics.log_line)
    stop, listening = asyncio.Event(), asyncio.Event()

    def ready() -> None:
        click.echo("Aside is listening. Ctrl-C stops it.")
        listening.set()

    def ends_gently() -> bool:
        if stop.is_set() or not listening.is_set():
            return False
        stop.set()
        return True

    run_async(app.run(settings, ready, stop, metrics=metrics), ends_gently)
