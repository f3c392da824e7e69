"""`aside run`, which also says at each SIGUSR1 what it holds: `python -m tests.reliability.watched FILE run`."""

import asyncio
import gc
import json
import signal
import sys
from pathlib import Path

from bot.cli import main


def _tell(file: Path) -> None:
    """Write down what there is in the process now."""
    gc.collect()
    there = {"tasks": len(asyncio.all_tasks()), "objects": len(gc.get_objects())}
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(there), "utf-8")
    beside.replace(file)


if __name__ == "__main__":
    answer = Path(sys.argv.pop(1))
    signal.signal(signal.SIGUSR1, lambda *_: _tell(answer))
    main()
