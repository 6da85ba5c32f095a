"""Part two: the identity adapter without the reference latents, nobody at all, and what the two sliders do."""

import itertools

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench, mean

RUNGS = (0.0, 0.5, 1.0)
"""Identity strengths and structures along which the likeness has to rise."""

NOBODY_SEEDS = range(7, 47)
COMPARED_SEEDS = 2


def adapter(bench: Bench) -> Outcome:
    """Engine outputs with the default look's words."""
    by_identity = {rung: _rung(bench, rung, 0.0) for rung in RUNGS}
    by_structure = {rung: _rung(bench, 1.0, rung) if rung else by_identity[1.0] for rung in RUNGS}
    alike, faces = _nobody(bench)
    cosine = {rung: mean(cosines) for rung, (cosines, _) in by_identity.items()}
    cosine_by_structure = {rung: mean(cosines) for rung, (cosines, _) in by_structure.items()}
    nearest = mean(by_identity[1.0][1])
    bars = [
        Bar(name="embedding alone: nearest of ten right", figure=nearest, rule=">=", limit=0.8, share=True),
        Bar(name="embedding alone: mean cosine to the selfie", figure=cosine[1.0], rule=">=", limit=0.35),
        Bar(name="both 0: two people give one picture", figure=alike, rule=">=", limit=1.0, share=True),
        Bar(name="both 0: a face in the picture", figure=faces, rule=">=", limit=38 / 40, share=True),
        Bar(name="cosine rises with identity, least step", figure=_least_rise(cosine), rule=">", limit=0.0),
        Bar(name="cosine rises with structure, least step", figure=_least_rise(cosine_by_structure), rule=">", limit=0),
    ]
    return Outcome(bars=bars, details={"cosine_by_identity": cosine, "cosine_by_structure": cosine_by_structure})


def _rung(bench: Bench, identity: float, structure: float) -> tuple[list[float], list[bool]]:
    """Each picture's cosine to the selfie, and whether the nearest unseen portrait is the person's own."""
    cosines, right = [], []
    for person in bench.each(f"identity {identity:g}, structure {structure:g}"):
        drawn = [bench.draw(person, seed, identity_strength=identity, structure=structure) for seed in SEEDS]
        cosines += [one.cosine(person.identity.embedding) for one in drawn]
        right += [one.face is not None and bench.nearest(one.face.embedding) == person.id for one in drawn]
        caption = f"{person.id}: selfie, identity {identity:g}, structure {structure:g}"
        bench.sheet.add(caption, [person.selfie, *(one.image for one in drawn)])
    return cosines, right


def _nobody(bench: Bench) -> tuple[float, float]:
    """With both sliders at 0: the share of seeds that give two people the same picture, and that show a face."""
    one, other = bench.everybody[0], bench.everybody[1]
    drawn = [
        bench.draw(one, seed, identity_strength=0.0, structure=0.0) for seed in bench.counting(NOBODY_SEEDS, "both 0")
    ]
    again = [bench.draw(other, seed, identity_strength=0.0, structure=0.0) for seed in NOBODY_SEEDS[:COMPARED_SEEDS]]
    bench.sheet.add("both 0", [picture.image for picture in drawn[:8]])
    alike = [bool((a.image == b.image).all()) for a, b in zip(drawn, again, strict=False)]
    return mean(alike), mean([picture.face is not None for picture in drawn])


def _least_rise(cosine: dict[float, float]) -> float:
    values = [cosine[rung] for rung in RUNGS]
    return min(later - earlier for earlier, later in itertools.pairwise(values))
