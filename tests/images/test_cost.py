"""Opening a photo takes a second of CPU time at most: what would take longer is refused, and no honest photo is."""

import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import PhotoError
from pipelines.images import decode
from pipelines.images.containers import Contents, read_contents
from pipelines.images.cost import MAX_SECONDS, PATIENCE, seconds_to_decode
from pipelines.images.decode import MAX_BYTES, MAX_PASSES, WORK_SIDE, Refusal, open_photo
from tests.support import picture_files as files
from tests.support.picture_files import encode, selfie

SECONDS = 1.5  # a busy machine needs more CPU time for the same work


@cache
def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture that no coder makes smaller."""
    tile = np.random.default_rng(0).integers(0, 256, (500, 500, 3), dtype=np.uint8)
    picture = Image.fromarray(np.tile(tile, (-(-height // 500), -(-width // 500), 1))[:height, :width])
    return picture.convert(mode)


def seconds(data: bytes) -> float:
    """CPU time of opening a photo; the better of two, as other programs share the caches."""
    times = []
    for _ in range(2):
        start = time.process_time()
        open_photo(data)
        times.append(time.process_time() - start)
    return min(times)


def with_all_passes(jpeg: bytes) -> bytes:
    """A progressive JPEG whose last pass is there as often as the limits on passes and bytes allow."""
    last = len(jpeg) - jpeg.rindex(b"\xff\xda")
    return files.with_passes(jpeg, min(MAX_PASSES - 10, (MAX_BYTES - len(jpeg)) // last))


LARGEST = {
    "jpeg": lambda: encode(noise(12_000, 9000), "JPEG", quality=28),
    "progressive jpeg": lambda: encode(noise(6000, 4500), "JPEG", quality=80, progressive=True),
    "png": lambda: encode(noise(3000, 3000), "PNG", compress_level=1),
    "png of one colour": lambda: encode(Image.new("RGB", (7200, 7200)), "PNG", compress_level=1),
    "png with alpha": lambda: files.png_bomb(5200, depth=8, colour=6),
    "webp": lambda: encode(noise(3000, 2800), "WEBP", quality=80, method=0),
    "lossless webp": lambda: encode(noise(3200, 3000), "WEBP", lossless=True, method=0, quality=0),
    "heic": lambda: encode(noise(3000, 2700), "HEIC", quality=50, enc_params={"preset": "ultrafast"}),
}
"""About the largest and heaviest of each kind that are let in."""


@pytest.mark.scorecard("R1")
@pytest.mark.slow
@pytest.mark.parametrize("name", LARGEST)
def test_the_heaviest_that_are_let_in_are_opened_in_time(name: str) -> None:
    data = LARGEST[name]()
    assert len(data) <= MAX_BYTES
    assert seconds(data) <= SECONDS


HEAVIER = {
    "progressive jpeg": lambda: with_all_passes(encode(noise(6000, 4500), "JPEG", quality=30, progressive=True)),
    "webp": lambda: encode(noise(4300, 3400), "WEBP", quality=80, method=0),
    "heic": lambda: encode(noise(4600, 4000), "HEIC", quality=50, enc_params={"preset": "ultrafast"}),
    "png with alpha": lambda: files.png_bomb(7200, depth=8, colour=6),
    "png": lambda: files.png_bomb(7200, depth=16, colour=6),
}


@pytest.mark.scorecard("R1")
@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVIER)
def test_heavier_ones_are_refused_before_a_decoder_sees_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = HEAVIER[name]()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(PhotoError, match="^" + Refusal.TOO_SLOW):
        for decoder in ("_opened", "_scaled"):
            patch.setattr(decode, decoder, lambda *_: pytest.fail("a decoder saw it"))
        open_photo(data)
    monkeypatch.setattr(decode, "MAX_SECONDS", np.inf)  # the control
    assert open_photo(data).size > 0


def contents(kind: str, megapixels: float, megabytes: float, **more: float) -> Contents:
    """Header of a photo of this size, without its picture."""
    small = encode(selfie().resize((256, 256)), kind, **({"progressive": True} if "planes" in more else {}))
    told = (
        Contents(data=small, size=(256, 256), orientation=1) if kind in ("HEIC", "AVIF") else read_contents(kind, small)
    )
    side = int((megapixels * 1e6) ** 0.5)
    return replace(told, data=small + bytes(int(megabytes * 1e6) - len(small)), size=(side, side))


@pytest.mark.parametrize(
    ("kind", "megapixels", "megabytes"),
    [
        ("JPEG", 12, 8),
        ("JPEG", 50, 25),
        ("JPEG", 108, 30),
        ("JPEG", 200, 30),
        ("PNG", 12, 25),
        ("PNG", 24, 30),
        ("WEBP", 12, 4),
        ("AVIF", 12, 4),
        ("HEIC", 12, 4),
        ("HEIC", 24, 4),
        ("HEIC", 48, 8),
    ],
)
def test_photos_as_phones_and_programs_make_them_are_not_refused(
    kind: str, megapixels: float, megabytes: float
) -> None:
    assert seconds_to_decode(kind, contents(kind, megapixels, megabytes)) <= MAX_SECONDS * PATIENCE.get(kind, 1)


@pytest.mark.parametrize(("megapixels", "megabytes"), [(12, 8), (24, 10), (50, 8)])
def test_progressive_photos_are_not_refused(megapixels: float, megabytes: float) -> None:
    assert seconds_to_decode("JPEG", contents("JPEG", megapixels, megabytes, planes=8)) <= MAX_SECONDS


def test_passes_over_planes_of_half_the_size_count_less() -> None:
    full = read_contents("JPEG", encode(selfie(), "JPEG", progressive=True, subsampling=0))
    usual = read_contents("JPEG", encode(selfie(), "JPEG", progressive=True, subsampling=2))
    assert (full.passes, usual.passes) == (10, 10) and full.planes == 14 and usual.planes == 8
    assert read_contents("JPEG", encode(selfie(), "JPEG", subsampling=2)).planes == 1.5


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height", "mode"), [(12_000, 9000, "RGB"), (16_384, 12_288, "L")])
def test_jpegs_of_108_and_200_megapixels_are_opened_at_a_smaller_scale(width: int, height: int, mode: str) -> None:
    data = encode(selfie().convert(mode).resize((width, height), Image.Resampling.BILINEAR), "JPEG", quality=60)
    start = time.process_time()
    found = open_photo(data)
    assert time.process_time() - start <= SECONDS
    wanted = selfie().convert(mode).convert("RGB").resize((WORK_SIDE, 1536), Image.Resampling.BILINEAR)
    assert np.abs(found.astype(float) - np.asarray(wanted)).mean() < 3
