"""What similar customers also hold, beside what is popular: how often the product left out is among three (R44).

Of each customer judged one product is hidden; suggestions come from customers counted without those judged. The
generated ones have bundles planted among products of very different popularity, and products outside any bundle.
"""

import random
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.recommend import Holdings
from sandbox.demo_data import write_demo_data
from storage.directory import Directory
from storage.importing import import_files

AMONG = 3
SUPPORT = 5
SEEDS = (11, 12, 13)
FOLDS = 5
CUSTOMERS = 20_000
PRODUCTS = 120
BUNDLES = 16
BUNDLE_SIZE = 5
TAKEN = 0.6
"""How likely a customer with a bundle holds each thing in it."""
ALONE = 0.4
"""How likely there is one more product outside any bundle, and one more after it."""

Items = frozenset[str]


def generated(seed: int, customers: int = CUSTOMERS) -> list[Items]:
    """Customers with one or two bundles each, and what they happened to buy besides."""
    draw = random.Random(seed)  # noqa: S311 - made-up customers, the same every time
    products = [f"P{number:03}" for number in range(PRODUCTS)]
    liked = [1 / rank for rank in range(1, PRODUCTS + 1)]
    bundles = [draw.sample(products, BUNDLE_SIZE) for _ in range(BUNDLES)]
    found = []
    for _ in range(customers):
        items = {
            item for bundle in draw.sample(bundles, draw.choice((1, 1, 2))) for item in bundle if draw.random() < TAKEN
        }
        while draw.random() < ALONE:
            items.update(draw.choices(products, liked))
        found.append(frozenset(items))
    return found


def demo() -> list[Items]:
    """What the make-believe vendor's customers hold, through the real import."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_demo_data(Path(folder), date(2026, 7, 1))
        import_files(files, Path(folder) / "directory.db")
        return list(Directory(Path(folder) / "directory.db").baskets())


def hit_rates(customers: Sequence[Items], seed: int) -> tuple[int, float, float]:
    """How many were judged, and how often the hidden product was among three: ours, and the most popular."""
    draw = random.Random(seed)  # noqa: S311 - made-up customers, the same every time
    order = draw.sample(range(len(customers)), len(customers))
    judged = ours = popular = 0
    for fold in range(FOLDS):
        out = set(order[fold::FOLDS])
        counted = Holdings.counted(items for number, items in enumerate(customers) if number not in out)
        by_popularity = [item for item, _ in counted.held.most_common()]
        for items in (customers[number] for number in sorted(out) if len(customers[number]) > 1):
            hidden = draw.choice(sorted(items))
            rest = items - {hidden}
            judged += 1
            ours += hidden in [each.item for each in counted.also_held(rest, held_by_at_least=SUPPORT, limit=AMONG)]
            popular += hidden in [item for item in by_popularity if item not in rest][:AMONG]
    return judged, ours / judged, popular / judged


def run(console: Console) -> None:
    """Print the table, and what counting and asking cost."""
    table = Table("customers", "judged", "hit-rate@3", "popularity@3")
    populations = [("demo data", demo(), SEEDS[0])] + [
        (f"generated, seed {seed}", generated(seed), seed) for seed in SEEDS
    ]
    for name, customers, seed in populations:
        judged, ours, popular = hit_rates(customers, seed)
        table.add_row(f"{name} ({len(customers):,})", f"{judged:,}", f"{ours:.3f}", f"{popular:.3f}")
    console.print(table)
    customers = populations[-1][1]
    began = time.process_time()
    counted = Holdings.counted(customers)
    took = time.process_time() - began
    began = time.process_time()
    for items in customers[:1000]:
        counted.also_held(items, held_by_at_least=SUPPORT)
    asked = time.process_time() - began
    console.print(f"counting {len(customers):,} customers {took:.2f} s; a suggestion {asked:.3f} ms (CPU)")
