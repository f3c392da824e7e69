"""Run the benchmarks that are named, or all that are not `LONG`: every module here that has a `run`."""

import importlib
import logging
import pkgutil
import sys
from collections.abc import Callable

import structlog
from rich.console import Console

from tests import bench

Run = Callable[[Console], None]


def benchmarks() -> dict[str, Run]:
    """Each benchmark by name."""
    modules = {
        module.name: importlib.import_module(f"{bench.__name__}.{module.name}")
        for module in pkgutil.iter_modules(bench.__path__)
        if not module.name.startswith("_")
    }
    return {name: module.run for name, module in sorted(modules.items()) if hasattr(module, "run")}


def long_ones() -> set[str]:
    """Those that take many minutes, and are run when they are named."""
    return {name for name in benchmarks() if getattr(sys.modules[f"{bench.__name__}.{name}"], "LONG", False)}


def main(names: list[str]) -> int:
    """Run them one after the other.

    Returns:
        The exit code: 2 when a name is not known.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console = Console(width=120 if not sys.stdout.isatty() else None)
    known = benchmarks()
    unknown = [name for name in names if name not in known]
    if unknown:
        console.print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    for name in names or [name for name in known if name not in long_ones()]:
        console.rule(name)
        known[name](console)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
