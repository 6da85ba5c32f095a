"""Real people: their headshots by an independent judge.

Photos whose rights are known, read from packages that carry them; none is copied into the project. Python's are read
where they are installed; real_photos.toml lists those of npm's registry.
"""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

from benchmarks.common.judges import SAME_PERSON, distance
from benchmarks.common.npm_packages import NoPackage, read_files
from benchmarks.common.report import Bar, Outcome
from benchmarks.likeness.bench import SEEDS, Bench
from pipelines.faces.photos import largest_face
from pipelines.images.decode import open_photo

NPM_PHOTOS = Path(__file__).with_name("real_photos.toml")


@dataclass(frozen=True, kw_only=True)
class RealPhoto:
    """A photo of a real person in a Python package."""

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
    """Measure in how many headshots dlib sees the person of the photo, and their cosine to it.

    Each photo counts with four pictures, also where the product refuses it or makes fewer.
    """
    people: dict[str, dict[str, float]] = {}
    photos: list[tuple[str, Path | bytes]] = [*installed_photos(), *npm_photos()]
    for name, photo in bench.counting(photos, "real people"):
        picture = open_photo(photo)
        face, described = largest_face(bench.analyser.analyse(picture)), bench.judge.describe(picture)
        if face is None or described is None:
            raise SystemExit(f"The judges find no face in the photo of {name}.")
        images = [made.image for made in bench.given(photo)]
        faces = [largest_face(bench.analyser.analyse(image)) for image in images]
        apart = [distance(bench.judge.describe(image), described) for image in images]
        cosines = [0.0 if one is None else float(one.embedding @ face.embedding) for one in faces]
        people[name] = {
            "same": sum(one < SAME_PERSON for one in apart),
            "cosine": sum(cosines) / len(SEEDS),
        }
        bench.sheet.add(name, [picture, *images])
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


def installed_photos() -> Iterator[tuple[str, Path]]:
    """Iterate over the photos of installed Python packages, with a name for each."""
    for photo in PHOTOS:
        if (path := photo.path) is not None:
            yield photo.name, path


def npm_photos() -> Iterator[tuple[str, bytes]]:
    """Iterate over the photos of npm's packages, with a name for each; tell on stderr which cannot be had."""
    for package in tomllib.loads(NPM_PHOTOS.read_text(encoding="utf-8"))["package"]:
        names = [package["folder"] + file for file in package["files"]]
        try:
            photos = read_files(package["name"], package["integrity"], names)
        except NoPackage as missing:
            print(f"Without the {len(names)} photos of {package['name']}: {missing}.", file=sys.stderr)
            continue
        for name, photo in photos.items():
            yield f"{package['name']} {Path(name).stem}", photo
