"""Figures against the bars they have to reach, as a table and as data."""

import json
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RULES: Mapping[str, Callable[[float, float], bool]] = {">=": operator.ge, "<=": operator.le, ">": operator.gt}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One figure and what it has to be."""

    name: str
    figure: float
    rule: str  # a key of RULES
    limit: float
    share: bool = False  # printed in per cent

    @property
    def passed(self) -> bool:
        """Whether the figure reaches the bar; a figure that is no number does not."""
        return RULES[self.rule](self.figure, self.limit)

    def show(self, value: float) -> str:
        """A figure as people read it."""
        return f"{100 * value:.1f} %" if self.share else f"{value:.3g}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one part of a benchmark found: its bars, and the figures behind them."""

    bars: Sequence[Bar]
    details: Mapping[str, Any] = field(default_factory=dict)  # goes to JSON as it is


def table(bars: Sequence[Bar]) -> str:
    """One line per bar: name, figure, bar, pass or FAIL."""
    rows = [("", "figure", "bar", "")]
    rows += [
        (bar.name, bar.show(bar.figure), f"{bar.rule} {bar.show(bar.limit)}", "pass" if bar.passed else "FAIL")
        for bar in bars
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        f"{name:<{widths[0]}}  {figure:>{widths[1]}}  {limit:<{widths[2]}}  {verdict}".rstrip()
        for name, figure, limit, verdict in rows
    )


def write_json(path: Path, outcomes: Mapping[str, Outcome], about: Mapping[str, Any]) -> None:
    """Every figure of a run in one file."""
    parts = {
        part: {
            "bars": [asdict(bar) | {"figure": float(bar.figure), "passed": bar.passed} for bar in outcome.bars],
            "details": outcome.details,
        }
        for part, outcome in outcomes.items()
    }
    path.write_text(json.dumps(_plain({"about": about, "parts": parts}), indent=1, allow_nan=False) + "\n", "utf-8")


def _plain(value: Any) -> Any:
    """The same for JSON, which knows no infinity (the distance to a face that is not there): null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def report(outcomes: Mapping[str, Outcome]) -> int:
    """Print the table of all bars; the exit code: 1 if one of them is missed."""
    bars = [bar for outcome in outcomes.values() for bar in outcome.bars]
    missed = sum(not bar.passed for bar in bars)
    print(table(bars))
    print(f"\n{len(bars) - missed} of {len(bars)} bars reached.")
    return 1 if missed else 0
