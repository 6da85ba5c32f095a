"""Photos for a studio with a fake engine, and ways to put that engine in and to look at what came out."""

import io
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from pipelines.studio import Studio
from tests.support.fake_engine import FakeEngine


def package_file(package: str, path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / path


def small(path: Path, side: int = 640) -> bytes:
    """A photo as a small JPEG, so that the tests are quick."""
    image = Image.open(path).convert("RGB")
    image.thumbnail((side, side))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92)
    return file.getvalue()


def person(number: int, picture: str = "amateur_selfie.jpg") -> bytes:
    return small(package_file("openpeople", f"data/curated/P{number:03}/assets/{picture}"))


SELFIE = person(1)
SIX_PEOPLE = package_file("insightface", "data/images/t1.jpg")


def use(studio: Studio, engine: FakeEngine) -> FakeEngine:
    studio._engine, studio.spec = engine, engine.spec  # type: ignore[assignment]
    return engine


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
