"""`aside`: the command line."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import click
from rich.console import Console

from bot.errors import UserError
from bot.logs import log_as_json
from bot.settings import load_settings

VARIABLE = "ASIDE_WORKSPACE"
FOR_ALL = frozenset({"demo", "run", "manifest", "workspaces", "doctor", "backup", "restore"})
"""Commands that are about no workspace, or say by themselves what is wrong with the one that is named."""
_ABOUT_ONE = re.compile(r"(?<![/\w-])aside (?=setup|import|playbook|doctor)")


class Aside(click.Group):
    """Loads a command only when it is called, so that `--help` is there at once."""

    modules = {  # noqa: RUF012 - click's own classes keep their tables like this
        "demo": ("bot.cli_demo", "demo_command", "Open a make-believe Slack with the bot in it."),
        "run": ("bot.cli_run", "run_command", "Connect to your Slack and serve it."),
        "manifest": ("bot.cli_manifest", "manifest_command", "Print what Slack makes the app from."),
        "workspaces": ("bot.cli_workspaces", "workspaces_command", "List who installed Aside, or remove one."),
        "setup": ("bot.cli_setup", "setup_command", "Set the channels, the roles and who is on duty."),
        "doctor": ("bot.cli_doctor", "doctor_command", "Check all that Aside needs, line by line."),
        "import": ("bot.cli_import", "import_command", "Read CSV, XLSX or JSON into a new directory."),
        "warranty": ("bot.cli_warranty", "warranty_command", "Show what a customer is entitled to today."),
        "backup": ("bot.cli_backup", "backup_command", "Copy the casebook and the directory into one file."),
        "restore": ("bot.cli_backup", "restore_command", "Put a backup in their place."),
        "report": ("bot.cli_report", "report_command", "Show what came of it, in figures."),
        "export": ("bot.cli_export", "export_command", "Write opportunities or exceptions as CSV."),
        "forget": ("bot.cli_forget", "forget_command", "Remove every word kept about a customer."),
        "case": ("bot.cli_case", "case_command", "Take a case out as evidence, or check such a file."),
        "detect": ("bot.cli_detect", "detect_command", "Tell what messages show, JSON lines in and out."),
        "replay": ("bot.cli_replay", "replay_command", "Show what the coach would have whispered."),
        "playbook": ("bot.cli_playbook", "playbook_command", "Check, try and show what the coach knows."),
    }

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it advises names the workspace that was named."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            named = ctx.params["workspace"] or os.environ.get(VARIABLE, "")
            raise UserError(error.what, about_one(error.do, named)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """The commands in the order in which people meet them."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import a command."""
        if cmd_name not in self.modules:
            return None
        module, name, _ = self.modules[cmd_name]
        command: click.Command = getattr(__import__(module, fromlist=[name]), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, _, about) in self.modules.items()])


@click.group(cls=Aside, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aside-coach", prog_name="aside")
@click.option("--workspace", metavar="T…", help="Which of several workspaces is meant; or ASIDE_WORKSPACE.")
@click.pass_context
def cli(context: click.Context, workspace: str | None) -> None:
    """Aside 旁白 coaches support agents in Slack, in private."""
    if workspace is not None:
        context.with_resource(_about(workspace))
    if context.invoked_subcommand in FOR_ALL or not (settings := load_settings()).workspace or not settings.installs:
        return
    from bot.cli_workspaces import refuse_strangers  # noqa: PLC0415 - whoever names no workspace does not wait for it

    refuse_strangers(settings)


def about_one(do: str, workspace: str) -> str:
    """Advice to run commands, for whoever has to say which workspace is meant."""
    return _ABOUT_ONE.sub(f"aside --workspace {workspace} ", do) if workspace else do


@contextlib.contextmanager
def _about(workspace: str) -> Iterator[None]:
    """Whatever reads the settings meanwhile reads them for this workspace."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = workspace
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def main() -> None:
    """Run a command; what a person can mend is one sentence, not a traceback."""
    try:
        log_as_json(load_settings().log_level)
        cli.main(standalone_mode=True)
    except UserError as error:
        console = Console(stderr=True)
        console.print(error.what, style="bold red", highlight=False, markup=False, soft_wrap=True)
        console.print(error.do, highlight=False, markup=False, soft_wrap=True)
        sys.exit(1)


def run_async(coroutine: Coroutine[Any, Any, None], ends_gently: Callable[[], bool] = lambda: False) -> None:
    """Run to the end; Ctrl-C and SIGTERM end it in order, which is no failure.

    Args:
        ends_gently: Told of Ctrl-C or SIGTERM; whether it ends by itself soon. Otherwise it is cancelled.
    """

    async def until_told() -> None:
        work = asyncio.ensure_future(coroutine)

        def told() -> None:
            if not ends_gently():
                work.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told)
        with contextlib.suppress(asyncio.CancelledError):
            await work

    asyncio.run(until_told())
