"""Writer of docs/scale.md, from the figures of `benchmarks.team`: `python -m tools.write_scale`."""

import json
from pathlib import Path
from typing import Any

from pipelines.paths import ROOT

FILE = ROOT / "docs" / "scale.md"
FIGURES = ROOT / "benchmarks" / "team.json"
TEMPLATE = Path(__file__).with_name("scale.md")
PRICE = 0.05
"""Assumed price of a core for an hour."""
MACHINE, CLUSTER = 16, 500
"""Cores of one large machine, and of a cluster."""
FILES_PER_ROW = 2  # a picture and its record


def document(entry: dict[str, Any]) -> str:
    """Return the text of docs/scale.md from an entry of `benchmarks/team.json`."""
    found = entry["figures"]
    rate, row_mb = found["rows_per_second_of_one_process"] * found["throughput_ratio_per_core"], found["mb_per_row"]
    hours = {people: people / rate / 3600 for people in (5000, 1_000_000)}
    worker_gb = found["worker_peak_mb_ray"] / 1000
    derived = {
        "seconds_a_row": 1 / found["rows_per_second_of_one_process"],
        "plain_to_alone": found["rows_per_second_of_one_process"] / found["rows_per_second_of_one_alone"],
        "seconds_alone": 1 / found["rows_per_second_of_one_alone"],
        "core_hours_5000": hours[5000],
        "core_hours_million": hours[1_000_000],
        "hours_5000_16": hours[5000] / MACHINE,
        "hours_million_500": hours[1_000_000] / CLUSTER,
        "cost_5000": hours[5000] * PRICE,
        "cost_million": hours[1_000_000] * PRICE,
        "price": PRICE,
        "gb_5000": 5000 * row_mb / 1000,
        "tb_million": row_mb,
        "memory_16": MACHINE * worker_gb,
        "memory_500": CLUSTER * worker_gb,
        "mb_per_second_500": CLUSTER * rate * row_mb,
        "files_per_second_500": CLUSTER * rate * FILES_PER_ROW,
    }
    about = {name: entry[name] for name in ("command", "date", "commit", "machine")}
    return TEMPLATE.read_text("utf-8").format(**found, **derived, **about)


def main() -> None:
    """Write the file."""
    FILE.write_text(document(json.loads(FIGURES.read_text("utf-8"))["team"]), "utf-8")


if __name__ == "__main__":
    main()
