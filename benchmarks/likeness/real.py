"""Real people: their headshots by an independent judge.

Photos whose rights are known, read from packages that carry them; none is copied into the project. They are few: other
packages' photos of faces are of celebrities without stated rights, or may not be changed (the White House's).
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

from benchmarks.common.judges import SAME_PERSON, distance
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench
from pipelines.faces.photos import largest_face
from pipelines.images.decode import open_photo


@dataclass(frozen=True, kw_only=True)
class RealPhoto:
    """A photo of a real person in a package."""

    name: str
    package: str
    file: str
    rights: str  # and who says so

    @property
    def path(self) -> Path | None:
        """Path of the file; None where the package is not installed."""
        spec = find_spec(self.package)
        path = None if spec is None or spec.origin is None else Path(spec.origin).parent / self.file
        return path if path is not None and path.is_file() else None


PHOTOS = (
    RealPhoto(
        name="Eileen Collins",
        package="skimage",
        file="data/astronaut.png",
        rights="NASA's, public domain: skimage.data.astronaut's docstring",
    ),
    RealPhoto(
        name="Grace Hopper, in a cap",
        package="matplotlib",
        file="mpl-data/sample_data/grace_hopper.jpg",
        rights="the US Navy's, public domain: Wikimedia Commons, File:Grace_Hopper.jpg, named in the file",
    ),
)


def real(bench: Bench) -> Outcome:
    """Measure in how many headshots dlib sees the person of the photo, and their cosine to it."""
    people: dict[str, dict[str, float]] = {}
    for photo, path in bench.counting(_installed(), "real people"):
        picture = open_photo(path)
        face, described = largest_face(bench.analyser.analyse(picture)), bench.judge.describe(picture)
        if face is None or described is None:
            raise SystemExit(f"The judges find no face in the photo of {photo.name}.")
        finished = bench.headshots(path)
        seen = [finished.get(seed) for seed in SEEDS]
        faces = [None if one is None else largest_face(bench.analyser.analyse(one)) for one in seen]
        apart = [float("inf") if one is None else distance(bench.judge.describe(one), described) for one in seen]
        people[photo.name] = {
            "same": sum(one < SAME_PERSON for one in apart),
            "cosine": fmean([0.0 if one is None else float(one.embedding @ face.embedding) for one in faces]),
        }
        bench.sheet.add(photo.name, [picture, *(one for one in seen if one is not None)])
    pictures = len(people) * len(SEEDS)
    figures = {
        "people": len(people),
        "pictures": pictures,
        "dlib_same_as_photo": sum(one["same"] for one in people.values()),
        "cosine_to_photo": fmean([one["cosine"] for one in people.values()]),
    }
    share = figures["dlib_same_as_photo"] / pictures
    bar = Bar(name="real people, dlib: same person as the photo", figure=share, rule=">=", limit=0.97, share=True)
    return Outcome(bars=[bar], figures=figures, details={"by_person": people})


def _installed() -> list[tuple[RealPhoto, Path]]:
    return [(photo, path) for photo in PHOTOS if (path := photo.path) is not None]
