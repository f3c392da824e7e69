"""`python -m tests.quality` writes docs/quality.md; with `--check` it fails when the page is no longer true."""

import sys
from pathlib import Path

import click

from bot.learning import learn
from bot.playbook_files import load_playbook
from bot.settings import load_settings
from tests.quality import figures, page
from tests.quality.whole import heard

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "quality.md"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the page is no longer true.")
@click.option(
    "--held-out",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=HERE,
    help="The folder of held_out.*.jsonl.",
)
@click.option(
    "--ordinary",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="ASIDE_ORDINARY",
    help="JSON lines of ordinary messages; their line is left open without it.",
)
@click.option("--page", "place", type=click.Path(path_type=Path), default=PAGE, help="Where the page is.")
@click.option("--playbook", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Another playbook.")
def main(*, check: bool, folder: Path, ordinary: Path | None, place: Path, playbook: Path | None) -> None:
    """Read the held-out messages and write how well that went."""
    settings = load_settings()
    known = load_playbook(playbook or settings.playbook)
    detector = learn(known, settings, lambda text: click.echo(text, err=True))
    messages = [message for file in sorted(folder.glob("held_out.*.jsonl")) for message in figures.read(file)]
    alarmed = None
    if ordinary and ordinary.exists():
        everyday = figures.read(ordinary)
        informative = frozenset(signal.id for signal in known.signals if signal.informative)
        alarmed = figures.alarms(detector, everyday, informative), len(everyday)
    conversations = heard(known, detector, folder / "conversations") if (folder / "conversations").exists() else None
    text = page.write(figures.count(detector, messages), len(messages), alarmed, conversations)
    if not check:
        place.write_text(text, encoding="utf-8")
        click.echo(f"{place.name} is written from {len(messages)} messages.")
        return
    old = place.read_text(encoding="utf-8") if place.exists() else ""
    if changed := page.differs(text, old):
        click.echo(f"{place.name} is no longer true; run make quality. It would say:\n" + "\n".join(changed), err=True)
        sys.exit(1)
    click.echo(f"{place.name} is true.")


if __name__ == "__main__":
    main()
