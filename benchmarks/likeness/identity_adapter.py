"""The identity adapter without the reference latents, both sliders at 0, and what each slider does to the likeness."""

import itertools
from statistics import fmean

from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench

RUNGS = (0.0, 0.5, 1.0)
"""Identity strengths and structures along which the likeness has to rise."""

NOBODY_SEEDS = range(7, 47)
"""Seeds of the pictures of nobody, with both sliders at 0."""
COMPARED_SEEDS = 2
"""Number of those for which two people's pictures are compared."""


def adapter(bench: Bench) -> Outcome:
    """Measure engine outputs with the default look's words."""
    by_identity = {rung: _rung(bench, rung, 0.0) for rung in RUNGS}
    by_structure = {rung: _rung(bench, 1.0, rung) if rung else by_identity[1.0] for rung in RUNGS}
    alike, faces = _nobody(bench)
    cosine = {rung: fmean(cosines) for rung, (cosines, _) in by_identity.items()}
    cosine_by_structure = {rung: fmean(cosines) for rung, (cosines, _) in by_structure.items()}
    right = by_identity[1.0][1]
    rise, rise_by_structure = _least_rise(cosine), _least_rise(cosine_by_structure)
    bars = [
        Bar(name="embedding alone: nearest of ten right", figure=fmean(right), rule=">=", limit=0.8, share=True),
        Bar(name="embedding alone: mean cosine to the selfie", figure=cosine[1.0], rule=">=", limit=0.35),
        Bar(name="both 0: two people give one picture", figure=fmean(alike), rule=">=", limit=1.0, share=True),
        Bar(name="both 0: a face in the picture", figure=fmean(faces), rule=">=", limit=38 / 40, share=True),
        Bar(name="cosine rises with identity, least step", figure=rise, rule=">", limit=0.0),
        Bar(name="cosine rises with structure, least step", figure=rise_by_structure, rule=">", limit=0),
    ]
    figures = {
        "embedding_alone_pictures": len(right),
        "embedding_alone_nearest_portrait_right": sum(right),
        "embedding_alone_cosine_to_selfie": cosine[1.0],
        "both_0_pictures": len(faces),
        "both_0_face": sum(faces),
        "least_rise_of_cosine_with_identity": rise,
        "least_rise_of_cosine_with_structure": rise_by_structure,
    }
    details = {"cosine_by_identity": cosine, "cosine_by_structure": cosine_by_structure}
    return Outcome(bars=bars, figures=figures, details=details)


def _rung(bench: Bench, identity: float, structure: float) -> tuple[list[float], list[bool]]:
    """Draw everybody at these strengths.

    Returns:
        Of each picture: its cosine to the selfie, and True if the nearest of the unseen portraits is the person's own.
    """
    cosines, right = [], []
    for person in bench.each(f"identity {identity:g}, structure {structure:g}"):
        drawn = [bench.draw(person, seed, identity_strength=identity, structure=structure) for seed in SEEDS]
        cosines += [one.cosine(person.identity.embedding) for one in drawn]
        right += [one.face is not None and bench.nearest(one.face.embedding) == person.id for one in drawn]
        caption = f"{person.id}: selfie, identity {identity:g}, structure {structure:g}"
        bench.sheet.add(caption, [person.selfie, *(one.image for one in drawn)])
    return cosines, right


def _nobody(bench: Bench) -> tuple[list[bool], list[bool]]:
    """Draw with both sliders at 0: for each seed, True if two people give the same picture, and if it shows a face."""
    one, other = bench.everybody[0], bench.everybody[1]
    drawn = [
        bench.draw(one, seed, identity_strength=0.0, structure=0.0) for seed in bench.counting(NOBODY_SEEDS, "both 0")
    ]
    again = [bench.draw(other, seed, identity_strength=0.0, structure=0.0) for seed in NOBODY_SEEDS[:COMPARED_SEEDS]]
    bench.sheet.add("both 0", [picture.image for picture in drawn[:8]])
    alike = [bool((a.image == b.image).all()) for a, b in zip(drawn, again, strict=False)]
    return alike, [picture.face is not None for picture in drawn]


def _least_rise(cosine: dict[float, float]) -> float:
    values = [cosine[rung] for rung in RUNGS]
    return min(later - earlier for earlier, later in itertools.pairwise(values))
