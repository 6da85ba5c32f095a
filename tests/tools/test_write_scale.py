"""docs/scale.md says what was measured last."""

import json

from tools import write_scale


def test_the_document_is_written_from_the_figures() -> None:
    entry = json.loads(write_scale.FIGURES.read_text("utf-8"))["team"]
    assert write_scale.FILE.read_text("utf-8") == write_scale.document(entry), "run python -m tools.write_scale"


def test_other_figures_make_another_document() -> None:
    entry = json.loads(write_scale.FIGURES.read_text("utf-8"))["team"]
    slower = entry | {"figures": entry["figures"] | {"rows_per_second_of_one_process": 0.01}}
    assert "100.00" in write_scale.document(slower)
