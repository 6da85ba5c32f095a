"""Writes the rows of models/wardrobe into the weight table; run it after plates were rendered anew.

python -m tools.write_plate_rows            # rewrite the rows
python -m tools.write_plate_rows --check    # say whether they are those of the files
"""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines.paths import MODELS, ROOT

TABLE = ROOT / "pipelines" / "weight_table.toml"
FIRST, LAST = "# plates begin\n", "# plates end\n"
"""Lines of the table around the rows."""


def row(plate: Path) -> str:
    """Row of a plate, as TOML."""
    garment, cut, _, turn = plate.stem.rsplit("-", 3)
    content = plate.read_bytes()
    side = "straight" if turn == "straight" else f"turned {turn}"
    return (
        f'[[files]]\norigin = "wardrobe"\npath = "{plate.name}"\nsize = {len(content):_}\n'
        f'sha256 = "{hashlib.sha256(content).hexdigest()}"\n'
        f'purpose = "rendered garment: {garment}, {cut} cut, {side}"\n'
    )


def with_rows(table: str, plates: Sequence[Path]) -> str:
    """Table with the rows of these plates in place of those it has."""
    before, rest = table.split(FIRST)
    after = rest.split(LAST)[1]
    return before + FIRST + "\n".join(row(plate) for plate in sorted(plates)) + LAST + after


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the rows, or check them: 1 if they are not those of the files."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("--check", action="store_true", help="change nothing")
    given = line.parse_args(arguments)
    old = TABLE.read_text("utf-8")
    new = with_rows(old, list((MODELS / "wardrobe").glob("*.plate")))
    if given.check:
        return int(new != old)
    TABLE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
