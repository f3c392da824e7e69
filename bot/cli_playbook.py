"""`aside playbook`: what a playbook's author needs."""

from pathlib import Path

import click

from bot.errors import UserError
from bot.playbook_files import read_playbook
from bot.settings import load_settings


@click.group("playbook", short_help="Check what the coach knows.")
def playbook_command() -> None:
    """Check what the coach knows."""


@playbook_command.command("check", short_help="List every fault in a playbook, with file and line.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", required=False)
def check_command(folder: Path | None) -> None:
    """List every fault in the playbook in DIR, or in the one in use.

    Faults go to standard output, one a line.
    """
    folder = folder or load_settings().playbook
    playbook, faults = read_playbook(folder)
    if playbook is None:
        for fault in faults:
            click.echo(str(fault))
        raise UserError(
            f"The playbook in {folder} has {len(faults)} fault{'s' if len(faults) > 1 else ''}.",
            "Correct what is listed and check again.",
        )
    counts = {"signal": playbook.signals, "play": playbook.plays, "decision row": playbook.decisions}
    held = ", ".join(f"{len(parts)} {name}{'s' * (len(parts) != 1)}" for name, parts in counts.items())
    click.echo(f"ok: playbook {playbook.version}, {held}")
