"""Known weaknesses of the locked dependencies, asked of OSV by pip-audit: `python -m tests.audit`.

What cannot be asked is said to be skipped and is no failure; a known weakness is one.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
PIP_AUDIT = "2.10.1"
HOME = ROOT / ".aside" / f"pip-audit-{PIP_AUDIT}"
FOUND = HOME / "found.json"
PATIENCE = 300.0
"""Seconds that a step may take."""


def main() -> None:
    """Ask, and print one line for each weakness, or why nothing was asked."""
    why_not = _installed() or _asked()
    if why_not:
        click.echo(f"audit: SKIPPED, {why_not}")
        return
    dependencies = json.loads(FOUND.read_text("utf-8"))["dependencies"]
    weak = [
        f"{each['name']} {each['version']}: {known['id']}, mended in: {' '.join(known['fix_versions']) or 'no version'}"
        for each in dependencies
        for known in each.get("vulns", ())
    ]
    click.echo("\n".join([*weak, f"audit: {len(dependencies)} dependencies, {len(weak)} known weaknesses"]))
    sys.exit(1 if weak else 0)


def _installed() -> str:
    """Install pip-audit into a place of its own; why that could not be done, empty when it is there."""
    program = HOME / "bin" / "pip-audit"
    if program.exists():
        return ""
    venv.create(HOME, with_pip=True)
    failed = _run([str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", f"pip-audit=={PIP_AUDIT}"])
    return f"pip-audit could not be installed: {failed}" if failed or not program.exists() else ""


def _asked() -> str:
    """Ask about every pin of the lock; why nobody answered, empty when somebody did."""
    FOUND.unlink(missing_ok=True)
    lock = ["-r", str(ROOT / "requirements.lock"), "--require-hashes", "--disable-pip"]
    how = ["-s", "osv", "-f", "json", "-o", str(FOUND), "--progress-spinner", "off", "--timeout", "20"]
    failed = _run([str(HOME / "bin" / "pip-audit"), *lock, *how])
    return "" if FOUND.exists() else f"the advisory service could not be asked: {failed}"


def _run(command: Sequence[str]) -> str:
    """Run it; the last line of what it complained of, empty when it went well."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE:.0f} seconds"
    return (done.stderr.strip().splitlines() or ["no reason given"])[-1][:120] if done.returncode else ""


if __name__ == "__main__":
    main()
