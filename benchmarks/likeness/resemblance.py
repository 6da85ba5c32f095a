"""Likeness over the dial "How much it is you": from a stranger's to the person's."""

from itertools import pairwise
from statistics import fmean

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench

STOPS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Places of the dial that are drawn."""
STRANGERS = 0.15
"""Most cosine that a stranger's picture has."""


def resemblance(bench: Bench) -> Outcome:
    """Measure for whom the cosine to the selfie rises at every stop, and how like a stranger they are at 0."""
    people = {
        person.id: [
            fmean([bench.draw(person, seed, resemblance=stop).cosine(person.identity.embedding) for seed in SEEDS])
            for stop in STOPS
        ]
        for person in bench.each("how much it is you")
    }
    rising = sum(all(after > before for before, after in pairwise(row)) for row in people.values())
    stranger = max(row[0] for row in people.values())
    bars = [
        Bar(name="dial: likeness rises at every quarter, people", figure=rising, rule=">=", limit=len(people)),
        Bar(name="dial at 0: cosine, the most alike of all people", figure=stranger, rule="<=", limit=STRANGERS),
    ]
    means = {f"cosine_at_{stop:g}": fmean([row[k] for row in people.values()]) for k, stop in enumerate(STOPS)}
    figures = {"people": len(people), "rising": rising, "stranger": stranger, **means}
    return Outcome(bars=bars, figures=figures, details={"by_person": people})
