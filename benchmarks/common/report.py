"""Comparison of figures with the bars that they have to reach, as a table and as JSON."""

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
    """A figure and the limit that it has to keep."""

    name: str
    figure: float
    rule: str  # a key of RULES
    limit: float
    share: bool = False  # 0 to 1, printed in per cent

    @property
    def passed(self) -> bool:
        """True if the figure keeps the limit; NaN never does."""
        return RULES[self.rule](self.figure, self.limit)

    def show(self, value: float) -> str:
        """Format a figure for people."""
        return f"{100 * value:.1f} %" if self.share else f"{value:.3g}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Result of one part of a benchmark."""

    bars: Sequence[Bar]
    figures: Mapping[str, float] = field(default_factory=dict)  # for benchmarks/figures.json; names say the unit
    details: Mapping[str, Any] = field(default_factory=dict)  # for --json: each picture's, each person's


def table(bars: Sequence[Bar]) -> str:
    """Format the bars as lines: name, figure, limit, pass or FAIL."""
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
    """Write every figure of a run to one file."""
    parts = {
        part: {
            "bars": [asdict(bar) | {"figure": float(bar.figure), "passed": bar.passed} for bar in outcome.bars],
            "figures": outcome.figures,
            "details": outcome.details,
        }
        for part, outcome in outcomes.items()
    }
    path.write_text(json.dumps(_plain({"about": about, "parts": parts}), indent=1, allow_nan=False) + "\n", "utf-8")


def _plain(value: Any) -> Any:
    """Replace what JSON does not know, infinity (the distance to a face that is not there) and NaN, by null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def report(outcomes: Mapping[str, Outcome]) -> int:
    """Print the table of all bars, and return the exit code: 1 if one of them is missed."""
    bars = [bar for outcome in outcomes.values() for bar in outcome.bars]
    missed = sum(not bar.passed for bar in bars)
    print(table(bars))
    print(f"\n{len(bars) - missed} of {len(bars)} bars reached.")
    return 1 if missed else 0
