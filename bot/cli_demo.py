"""`aside demo`: a make-believe Slack, the real bot and a made-up vendor's data, on this machine alone."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from pydantic import SecretStr

from bot import app
from bot.cli import run_async
from bot.demo import open_at_all_hours, seed
from bot.errors import UserError
from bot.language import language_of_locale
from bot.logs import log_as_json
from bot.only_one import only_one
from bot.playbook_files import load_playbook
from bot.settings import MANIFEST, Settings, load_settings
from sandbox.demo_data import write_demo_data
from storage.importing import import_files

ROOT = Path(__file__).parent.parent
WORLD = ROOT / "sandbox" / "demo" / "world.yml"
STORIES = {"exception": None, "promise": WORLD.parent / "promise.yml"}
"""What the guide on the page leads through; the first one is the world's own."""
BOT_TOKEN = "xoxb-sandbox"  # noqa: S105 - the sandbox's own, it opens nothing else
APP_TOKEN = "xapp-sandbox"  # noqa: S105 - the same


@click.command("demo")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8765,
    show_default=True,
    help="Where the page is; 0 takes a free one.",
)
@click.option(
    "--locale",
    default="zh-TW",
    show_default=True,
    metavar="LOCALE",
    help="Its language, and everybody's in it: zh-TW, zh-CN or en-GB.",
)
@click.option(
    "--story",
    type=click.Choice(list(STORIES)),
    default="exception",
    show_default=True,
    help="What the guide leads through: an exception granted once, or a promise that sales does not know of.",
)
@click.option("--contracts", is_flag=True, help="Begin with the day's lists of contracts that end, for sales.")
def demo_command(port: int, locale: str, story: str, *, contracts: bool) -> None:
    """Open a make-believe Slack with the bot in it, and print the page's address.

    Everything is made anew at each start and lives in .aside/demo, or in the folder demo in ASIDE_DATA; the page's
    address is followed by the command for a report on what was played.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    log_as_json("warning")
    home, english = load_settings().data / "demo", language_of_locale(locale) == "en"
    with only_one(home), _sandbox(port, locale, STORIES[story]) as url:
        click.echo("Making up a software vendor with 300 customers …")
        settings = Settings(
            data=_made_anew(home / "data", english=english),
            directory=None,
            database_url="",
            slack_api_url=f"{url}/api/",
            slack_bot_token=SecretStr(BOT_TOKEN),
            slack_app_token=SecretStr(APP_TOKEN),
            slack_signing_secret=SecretStr(""),
            slack_client_id="",
            slack_client_secret=SecretStr(""),
            workspace="",
            http_port=None,
        )
        seed(settings, datetime.now(UTC), english=english, contracts=contracts)
        click.echo("Teaching the coach …")
        running = app.run(
            settings,
            ready=lambda: click.echo(greeting(url, settings.data, english=english)),
            reading=lambda folder: open_at_all_hours(load_playbook(folder)),
        )
        run_async(running)


def greeting(url: str, data: Path, *, english: bool) -> str:
    """Where the page is, where what is played is kept, and how to have a report on it meanwhile."""
    command = f"ASIDE_DATA={shlex.quote(str(data))} .venv/bin/aside report{' --lang en' if english else ''}"
    kept = f"What happens in it is kept in {data}. The report on it, from another terminal:"
    return f"\n  Open {url}/\n\n{kept}\n\n  {command}\n\nCtrl-C ends the demo."


def _end(*_: object) -> None:
    """Leave by way of every `finally`, so that the make-believe Slack ends as well."""
    sys.exit(0)


def _made_anew(folder: Path, *, english: bool) -> Path:
    """An empty casebook's place, beside a made-up vendor's directory."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    today = datetime.now(ZoneInfo("Asia/Taipei")).date()
    files = sorted(write_demo_data(folder / "files", today, english=english))
    import_files(files, folder / "directory.db")
    return folder


@contextmanager
def _sandbox(port: int, locale: str, story: Path | None) -> Iterator[str]:
    """The sandbox as a process of its own, which Ctrl-C reaches only through us; its address."""
    place = ["--world", str(WORLD), "--manifest", str(MANIFEST)]
    command = [sys.executable, "-m", "sandbox", *place, "--port", str(port), "--locale", locale]
    command += ["--story", str(story)] if story else []
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(  # noqa: S603 - our own module, no shell
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "http" not in line:
                raise UserError("The make-believe Slack did not start.", "Take a free port: aside demo --port 0.")
            yield line[line.index("http") :].strip().rstrip("/")
        finally:
            process.terminate()
