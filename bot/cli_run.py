"""`aside run`: the real Slack."""

import click

from bot import app
from bot.cli import run_async
from bot.settings import load_settings


@click.command("run")
def run_command() -> None:
    """Serve Slack over Socket Mode until stopped.

    Needs ASIDE_SLACK_BOT_TOKEN (xoxb-…) and ASIDE_SLACK_APP_TOKEN (xapp-…); `aside doctor` checks them.
    """
    settings = load_settings()
    run_async(app.run(settings, ready=lambda: click.echo("Aside is listening. Ctrl-C stops it.")))
