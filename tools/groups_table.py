"""README's table of fairness, from what `python -m benchmarks.likeness --by-group` recorded."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

ENTRY = "by_group"
HEADS = ("people", "number", "cosine to the photo", "worse than others by", "faults", "cheeks off by, L*", "told by it")
SKIN, SEX = ("skin_light", "skin_intermediate", "skin_tan_to_dark"), ("sex_female", "sex_male")
GROUPS = (*SKIN, *SEX, "age_under_35", "age_35_to_50", "age_over_50")
TOO_FEW = "too few to tell"
NO_GAP, GAP = "no gap shown", "a gap"


def groups_table(entries: Mapping[str, Mapping[str, Any]]) -> tuple[list[Sequence[str]], list[str]]:
    """Make the table's rows, the heads first, and list the entry that they are from; none where nobody measured."""
    if ENTRY not in entries:
        return [HEADS], []
    figures = entries[ENTRY]["figures"]
    return [HEADS, *(_row(group, figures) for group in GROUPS if f"{group}_people" in figures)], [ENTRY]


def _row(group: str, figures: Mapping[str, float | None]) -> Sequence[str]:
    people = figures[f"{group}_people"] or 0
    enough = people >= (figures["enough"] or 0)
    low = figures[f"{group}_likeness_worse_low"]
    told = (GAP if low is not None and low > 0 else NO_GAP) if enough else TOO_FEW
    return (
        group.replace("_", " ").replace("skin ", "skin: ").replace("sex ", "sex: ").replace("age ", "age: "),
        f"{people:.0f}",
        _with_ends(figures, f"{group}_likeness", "{:.2f}"),
        _with_ends(figures, f"{group}_likeness_worse", "{:+.2f}"),
        f"{100 * (figures[f'{group}_faults'] or 0):.0f} %",
        _with_ends(figures, f"{group}_lightness", "{:.1f}"),
        told,
    )


def _with_ends(figures: Mapping[str, float | None], name: str, form: str) -> str:
    value, low, high = (figures[name + end] for end in ("", "_low", "_high"))
    if value is None or not math.isfinite(value):
        return "none"
    ends = f" ({form.format(low)} to {form.format(high)})" if low is not None and high is not None else ""
    return form.format(value) + ends
