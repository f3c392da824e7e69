"""`aside backup` and `aside restore`: the casebook and the directory in one file, and back."""

from datetime import UTC, datetime
from pathlib import Path

import click

from bot.only_one import only_one
from bot.settings import Settings, load_settings
from storage import backup
from storage.backup import CASEBOOK, DIRECTORY, Manifest
from storage.engine import file_of

_FILE = click.Path(path_type=Path)


@click.command("backup", short_help="Copy the casebook and the directory into one file.")
@click.argument("file", required=False, type=_FILE)
def backup_command(file: Path | None) -> None:
    """Copy the casebook and the directory into FILE, aside-DATE-TIME.zip here when none is given.

    Aside may run meanwhile. The copy is checked before it gets its name; a backup that is there under that name is
    replaced by it, any other file is not. It holds what customers wrote: keep it as carefully as the casebook.
    """
    settings, now = load_settings(), datetime.now(UTC)
    file_of(settings.casebook_url)
    file = file or Path(f"aside-{now.astimezone():%Y%m%d-%H%M%S}.zip")
    directory = _directory(settings)
    made = backup.make(settings.casebook_url, directory, file, now)
    click.echo(f"{file}: {_told(made)}.")
    if settings.installs:
        click.echo(f"Directories, playbooks and exports of the workspaces are not in it: copy {settings.data} as well.")
    elif DIRECTORY not in made.files:
        click.echo(f"It has no directory: at {directory} is none that can be read.")


@click.command("restore", short_help="Put a backup in the place of the casebook and the directory.")
@click.argument("file", type=_FILE)
@click.option("--casebook-only", is_flag=True, help="Leave the directory as it is.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
def restore_command(file: Path, *, casebook_only: bool, yes: bool) -> None:
    """Put the casebook and the directory of a backup in the place of those that are there.

    Aside has to be stopped. The backup is checked and brought up to date first; what it replaces is kept beside it
    under another name. What was said in Slack since the backup is read from there when Aside starts again. Nothing
    happens by itself for an hour, so that you can look at what was decided since.
    """
    settings, now = load_settings(), datetime.now(UTC)
    casebook, directory = file_of(settings.casebook_url), _directory(settings)
    with only_one(settings.data), backup.unpacked(file, casebook) as (manifest, folder):
        with_directory = not casebook_only and backup.checked_directory(folder, file)
        click.echo(f"{file}: {_told(manifest)}.")
        if not yes:
            click.confirm(f"Put it in the place of {casebook}?", abort=True)
        backup.prepare(folder / CASEBOOK, manifest, now.timestamp())
        kept = backup.put_back(folder, casebook, directory if with_directory else None, now)
    for each in kept:
        click.echo(f"What was there before is now {each}")
    held = datetime.fromtimestamp(now.timestamp() + backup.HELD_SECONDS, UTC).astimezone()
    click.echo(
        f"Restored. Start Aside again: aside run. Until {held:%H:%M} it reminds nobody and ends nothing by itself."
    )


def _directory(settings: Settings) -> Path:
    """The directory of a lone workspace; where there are several, each has its own, and none of them is meant."""
    return settings.data / "directory.db" if settings.installs else settings.directory_path


def _told(manifest: Manifest) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in manifest.counts.items())
    return f"{manifest.made_at.astimezone():%Y-%m-%d %H:%M %Z}, {counts}"
