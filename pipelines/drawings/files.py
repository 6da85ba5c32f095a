"""Files of a finished picture: the picture itself and the extra sizes asked for."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pipelines.faces.likeness import Likeness
from pipelines.finishing.export import AT_MOST, DPI, EXPORTS, ROUND, export, in_circle, size_note
from pipelines.picture import Picture
from pipelines.provenance.folder import OutputFolder
from pipelines.provenance.recipe import Recipe
from pipelines.provenance.save import save
from pipelines.request import Request
from pipelines.settings import FORMATS


def save_picture(
    image: np.ndarray,
    likeness: Likeness,
    recipe: Recipe,
    request: Request,
    output: OutputFolder,
    finished: Callable[..., np.ndarray],
    eyes: float,
) -> Picture:
    """Write a finished picture and the extra sizes asked for, every file with its AI mark and recipe.

    `finished(largest=size)` finishes it again for a size that is as large as the drawn pixels allow. `eyes` is the
    height of the eyes as a share from the top.
    """
    with output.together():
        path = output.reserve(f"headshot-{recipe.look}-{recipe.seed}", FORMATS[request.format])
        save(image, path, recipe)
        notes = likeness.drift
        picture = Picture(
            image=image, path=path, seed=recipe.seed, likeness=likeness, warnings=notes, recipe=recipe, sizes={}
        )
        return with_sizes(picture, request.sizes, output, finished, eyes)


def with_sizes(
    picture: Picture, wanted: Sequence[str], output: OutputFolder, finished: Callable[..., np.ndarray], eyes: float
) -> Picture:
    """Write further sizes of a picture beside it, and say where one is smaller than asked for; see `save_picture`."""
    path, recipe = picture.path, picture.recipe
    suffixes = {size: FORMATS["png"] if size in ROUND else path.suffix for size in wanted}
    sizes = {size: output.reserve(f"{path.stem}-{size}", suffix) for size, suffix in suffixes.items()}
    notes = []
    for size, file in sizes.items():
        larger = EXPORTS[size] if size in AT_MOST else None
        exported = export(picture.image if larger is None else finished(largest=larger), size, eyes)
        notes.append(size_note(size, exported.shape))
        save(in_circle(exported) if size in ROUND else exported, file, recipe, dpi=DPI.get(size))
    return replace(picture, warnings=(*picture.warnings, *filter(None, notes)), sizes=sizes)
