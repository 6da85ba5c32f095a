"""Files made to crash, to exhaust or to fool a decoder get an answer: a picture or one of the known sentences."""

import random
import re
import struct
import subprocess
import sys
import time
from collections import Counter
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from pipelines.errors import PhotoError
from pipelines.images.containers import MAX_SEGMENTS
from pipelines.images.decode import MAX_PROFILE, Refusal, open_photo
from tests.support import picture_files as files
from tests.support.picture_files import encode, selfie

pytestmark = pytest.mark.slow

FLIPPED, SECONDS, MEGABYTES = 50, 1.0, 300
SMALL = selfie().resize((256, 320))


SENTENCES = {refusal.name: re.compile(re.sub(r"\\{\w+\\}", r".+", re.escape(refusal))) for refusal in Refusal}


def healthy_files():
    """One of each way in which a photo can be stored, about as small as is allowed."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    known = {"exif": exif.tobytes(), "icc_profile": files.srgb_profile()}
    frames = {"save_all": True, "append_images": [SMALL.rotate(90)]}
    return {
        "jpeg": encode(SMALL, "JPEG", comment=b"hello", **known),
        "jpeg progressive": encode(SMALL, "JPEG", progressive=True, **known),
        "jpeg cmyk": encode(SMALL.convert("CMYK"), "JPEG"),
        "jpeg mpo": encode(SMALL, "MPO", **frames),
        "png": encode(SMALL, "PNG", **known),
        "png palette": encode(SMALL.quantize(64), "PNG", transparency=3),
        "png 16 bit": encode(Image.fromarray(np.asarray(SMALL.convert("L")).astype(np.uint16) * 257), "PNG"),
        "png animated": encode(SMALL, "PNG", **frames),
        "webp": encode(SMALL, "WEBP", quality=50, **known),
        "webp lossless": encode(SMALL.quantize(8).convert("RGB"), "WEBP", lossless=True),
        "webp animated": encode(SMALL.convert("RGBA"), "WEBP", quality=30, **frames),
        "jpeg without its end marker": encode(SMALL, "JPEG", quality=60)[:-2],
        "avif": encode(SMALL, "AVIF", quality=40, **known),
        "avif alpha": encode(SMALL.convert("RGBA"), "AVIF", quality=30),
        "avif animated": encode(SMALL, "AVIF", quality=30, **frames),
        "heic": encode(SMALL, "HEIC", quality=40, **known),
        "heic alpha": encode(SMALL.convert("RGBA"), "HEIC", quality=30),
        "heic grey": encode(SMALL.convert("L"), "HEIC", quality=30),
    }


HEALTHY = healthy_files()


def flipped(data, chance):
    """A file with 1 to 16 bytes changed, more often near its start, where the structure is."""
    broken, span = bytearray(data), 900 if chance.random() < 0.6 else len(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        broken[chance.randrange(min(span, len(data)))] = chance.choice((0, 255, chance.randrange(256)))
    return bytes(broken)


def answer(data):
    """ "opened" or the name of the sentence; any other exception fails the test."""
    try:
        pixels = open_photo(data)
    except PhotoError as refused:
        return next(name for name, sentence in SENTENCES.items() if sentence.fullmatch(str(refused)))
    assert pixels.dtype == np.uint8 and pixels.shape[2] == 3 and 256 <= max(pixels.shape[:2]) <= 2048
    return "opened"


def plainly(data):
    """Outcome without our code: the name of the exception, or "opened"."""
    try:
        if data[4:8] == b"ftyp":
            np.asarray(pillow_heif.open_heif(data))
        else:
            with Image.open(BytesIO(data)) as image:
                image.convert("RGB")
                image.getexif()
    except Exception as error:  # noqa: BLE001
        return type(error).__name__
    return "opened"


def test_all_are_healthy_to_begin_with():
    assert {name: answer(data) for name, data in HEALTHY.items()} == dict.fromkeys(HEALTHY, "opened")


@pytest.mark.scorecard("R1", cases=FLIPPED)
@pytest.mark.parametrize("name", HEALTHY)
def test_flipped_bytes_get_an_answer_in_time(name):
    chance, answers = random.Random(f"flip {name}"), Counter[str]()
    for _ in range(FLIPPED):
        broken = flipped(HEALTHY[name], chance)
        start = time.process_time()
        answers[answer(broken)] += 1
        assert time.process_time() - start <= SECONDS
    assert answers.total() == FLIPPED


@pytest.mark.scorecard("R1", cases=9)
@pytest.mark.parametrize("name", HEALTHY)
def test_a_truncated_file_is_always_refused(name):
    """At each tenth of what belongs to the picture: a second picture behind it may be missing."""
    data = HEALTHY[name]
    end = data.index(b"\xff\xd8", 2000) if name == "jpeg mpo" else len(data)
    end = data.index(b"fcTL", data.index(b"IDAT")) - 20 if name == "png animated" else end
    answers = {answer(data[: end * tenth // 10]) for tenth in range(1, 10)}
    assert answers == {"DAMAGED"}


@pytest.mark.scorecard("R1", cases=0)
@pytest.mark.filterwarnings("ignore")
def test_without_our_code_the_same_files_raise_many_kinds_of_errors():
    chance = random.Random("control")
    kinds = Counter(plainly(flipped(data, chance)) for data in HEALTHY.values() for _ in range(20))
    assert len(kinds) >= 5, kinds


def set_bytes(data, at, new):
    return data[:at] + new + data[at + len(new) :]


def crafted_files():
    """Files by somebody who knows the formats, with the answer each must get."""
    png, jpeg, progressive = HEALTHY["png"], HEALTHY["jpeg"], HEALTHY["jpeg progressive"]
    frame = jpeg.index(b"\xff\xc0")
    scans = progressive.index(b"\xff\xc2")
    size = struct.pack(">II", *SMALL.size)
    avif = HEALTHY["avif"]
    heic, plain_png = HEALTHY["heic"], encode(SMALL, "PNG")
    header = png[16:29]
    huge_header = set_bytes(header, 0, struct.pack(">II", 12_000, 12_000))
    gigantic_header = set_bytes(header, 0, struct.pack(">II", 20_000, 20_000))
    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\x01\0\0\0\x63\0\0\0" * 50
    return {
        "png bomb": (files.png_bomb(9000), "TOO_LARGE"),
        "png header of 3.6 gigapixels": (set_bytes(png, 16, struct.pack(">II", 60_000, 60_000)), "TOO_LARGE"),
        "png header of no pixels": (set_bytes(png, 16, struct.pack(">II", 0, 400)), "DAMAGED"),
        "png with a second, huge header": (files.after_png_header(png, (b"IHDR", huge_header)), "DAMAGED"),
        "png with a second, gigantic header": (files.after_png_header(png, (b"IHDR", gigantic_header)), "DAMAGED"),
        "png with a text that unpacks to 100 MB": (
            files.after_png_header(plain_png, (b"zTXt", b"a\0\0" + files.zlib.compress(bytes(10**8)))),
            "opened",
        ),
        "png with a profile that unpacks to 100 MB": (
            files.after_png_header(plain_png, (b"iCCP", b"a\0\0" + files.zlib.compress(bytes(10**8)))),
            "DAMAGED",
        ),
        "png of empty chunks": (png[:33] + files.png_chunk(b"teXt", b"") * (MAX_SEGMENTS + 1) + png[33:], "DAMAGED"),
        "png with a chunk of 2 GB": (png[:33] + b"\x7f\xff\xff\xffIDAT" + png[41:], "DAMAGED"),
        "jpeg frame of 4.3 gigapixels": (set_bytes(jpeg, frame + 5, b"\xff\xff\xff\xff"), "TOO_LARGE"),
        "progressive frame of 4.3 gigapixels": (set_bytes(progressive, scans + 5, b"\xff\xff\xff\xff"), "TOO_LARGE"),
        "progressive frame of 50 megapixels": (
            set_bytes(set_bytes(progressive, scans + 5, struct.pack(">HH", 6144, 8192)), scans + 11, b"\x11"),
            "TOO_LARGE",
        ),
        "jpeg of a thousand passes": (files.with_passes(progressive, 1000), "TOO_MANY_PASSES"),
        "jpeg with an index that one reader skips and another reads": (
            jpeg[:2] + files.jpeg_segment(0xF5, files.jpeg_segment(0xE2, b"MPF\0 no index")) + jpeg[2:],
            "DAMAGED",
        ),
        "jpeg of empty comments": (jpeg[:2] + b"\xff\xfe\0\x02" * (MAX_SEGMENTS + 1) + jpeg[2:], "DAMAGED"),
        "jpeg of nothing but 0xFF": (b"\xff\xd8" + b"\xff" * 10**6, "DAMAGED"),
        "jpeg of nothing but starts": (b"\xff\xd8" * 10**6, "DAMAGED"),
        "jpeg with senseless exif": (jpeg[:2] + files.jpeg_segment(0xE1, exif) + jpeg[2:], "opened"),
        "jpeg with a profile for a colour space without a name": (
            encode(SMALL, "JPEG", icc_profile=set_bytes(files.srgb_profile(), 16, b"\xff" * 4)),
            "opened",
        ),
        "jpeg with a huge profile": (encode(SMALL, "JPEG", icc_profile=bytes(MAX_PROFILE + 1)), "opened"),
        "webp canvas of 281 terapixels": (
            b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff" * 6,
            "TOO_LARGE",
        ),
        "webp canvas of 16 megapixels, each of which needs much memory": (
            b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + b"\xff\x0f\0" * 2,
            "TOO_LARGE",
        ),
        "webp lossless of 268 megapixels": (
            b"RIFF\x30\0\0\0WEBPVP8L\x24\0\0\0\x2f\xff\xff\xff\x0f" + bytes(32),
            "TOO_LARGE",
        ),
        "webp without chunks": (b"RIFF\x04\0\0\0WEBP", "DAMAGED"),
        "heic of 900 megapixels": (heic.replace(size, struct.pack(">II", 30_000, 30_000)), "TOO_LARGE"),
        "heic that is smaller than it says": (heic.replace(size, struct.pack(">II", 6000, 6000)), "DAMAGED"),
        "avif of 900 megapixels": (avif.replace(size, struct.pack(">II", 30_000, 30_000)), "DAMAGED"),
        "avif of 49 megapixels": (avif.replace(size, struct.pack(">II", 7000, 7000)), "TOO_LARGE"),
        "avif that is smaller than it says": (avif.replace(size, struct.pack(">II", 4500, 4500)), "opened"),
        "avif with nothing but its brand": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "DAMAGED"),
        "heic with nothing but its brand": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "DAMAGED"),
        "a page that calls itself a photo": (b"<svg onload=alert(1)></svg>", "OTHER_KIND"),
        "a program": (b"\x7fELF" + bytes(500), "NOT_A_PHOTO"),
    }


CRAFTED = crafted_files()


@pytest.mark.scorecard("R1")
@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_file_gets_its_answer_in_time(name):
    data, wanted = CRAFTED[name]
    start = time.process_time()
    assert answer(data) == wanted
    assert time.process_time() - start <= SECONDS


MEMORY_PROBE = """
import re, sys
from PIL import Image
from pipelines.errors import PhotoError
from pipelines.images.decode import open_photo

def plain(path):
    with Image.open(path) as image:
        image.convert("RGBA")

def peak():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1000

before = peak()
for path in sys.argv[2:]:
    try:
        (plain if sys.argv[1] == "plain" else open_photo)(path)
    except PhotoError:
        print("refused", path)
print(peak() - before)
"""


def memory_grown(how, paths):
    """Peak megabytes by which a process grows that opens these files one after the other, and how many it refused."""
    command = [sys.executable, "-c", MEMORY_PROBE, how, *map(str, paths)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()
    return float(lines[-1]), len(lines) - 1


@pytest.mark.scorecard("R1", cases=0)
def test_no_file_takes_more_memory_than_allowed(tmp_path):
    """The crafted ones and, of each format, about the largest that is still opened."""
    flat = Image.new("RGB", (7200, 7200), (90, 120, 200))
    largest = [
        encode(flat, "JPEG"),
        encode(flat.crop((0, 0, 6000, 5900)), "JPEG", progressive=True, subsampling=0),
        encode(flat, "PNG", compress_level=1),
        files.png_bomb(5200, depth=8, colour=6),
        encode(Image.new("L", (14_400, 14_400), 90), "JPEG"),
        encode(flat.crop((0, 0, 3870, 3870)), "WEBP", method=0),
        encode(flat.crop((0, 0, 4540, 4540)), "AVIF", speed=10),
    ]
    for number, data in enumerate([*largest, *(data for data, _ in CRAFTED.values())]):
        (tmp_path / f"{number:03}").write_bytes(data)
    grown, refused = memory_grown("guarded", sorted(tmp_path.iterdir()))  # what one leaves adds to the next one's peak
    assert grown <= MEGABYTES
    assert refused == sum(wanted != "opened" for _, wanted in CRAFTED.values())
    bomb = tmp_path / "bomb"
    bomb.write_bytes(CRAFTED["png bomb"][0])
    assert memory_grown("plain", [bomb])[0] > MEGABYTES
