"""Every ordinary and every odd photo comes out upright, in sRGB and without metadata; the rest is told what to do."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from pipelines.errors import PhotoError
from pipelines.images.containers import read_contents
from pipelines.images.decode import BACKDROP, MAX_BYTES, MIN_SIDE, WORK_SIDE, Refusal, open_photo
from tests.support import picture_files as files
from tests.support.picture_files import encode, selfie

PIXELS = np.asarray(selfie())
GREY = np.asarray(selfie().convert("L").convert("RGB"))
DISPLAY_P3 = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
ADOBE_RGB = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
METADATA = ("GPSCANARY", "SERIALCANARY", "XMPCANARY", "COMMENTCANARY", "MAKERCANARY")


def difference(found, wanted):
    """Mean difference of two pictures in levels of 0 to 255."""
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    return float(np.abs(found.astype(float) - wanted).mean())


def stored_in(primaries):
    """The selfie's sRGB pixels as numbers of another colour space with a gamma of 2.2."""
    encoded = PIXELS / 255.0
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    theirs = np.clip(linear @ SRGB.T @ np.linalg.inv(primaries).T, 0, 1) ** (1 / 2.2)
    return Image.fromarray((theirs * 255).round().astype(np.uint8))


def with_alpha():
    """The selfie with a transparent upper left corner, and what it looks like on the backdrop."""
    image, wanted = selfie().convert("RGBA"), PIXELS.copy()
    image.paste((9, 200, 9, 0), (0, 0, 100, 100))
    wanted[:100, :100] = BACKDROP
    return image, wanted


def palette_with_alpha():
    """A palette picture whose first colour, the left half, is transparent, and what it looks like on the backdrop."""
    image = Image.new("P", (300, 300), 0)
    image.putpalette([0, 0, 255, 255, 0, 0])
    image.paste(1, (150, 0, 300, 300))
    wanted = np.full((300, 300, 3), BACKDROP)
    wanted[:, 150:] = (255, 0, 0)
    return encode(image, "PNG", transparency=0), wanted


def sixteen_bit(pixels):
    ok, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]).astype(np.uint16) * 257)
    assert ok
    return data.tobytes()


def deep_heic():
    buffer, pixels = BytesIO(), PIXELS.astype(np.uint16) * 257
    pillow_heif.from_bytes("RGB;16", selfie().size, pixels.tobytes()).save(buffer, quality=90)
    return buffer.getvalue()


def animated(kind):
    other = Image.new("RGB", selfie().size, (0, 255, 0))
    return encode(selfie(), kind, save_all=True, append_images=[other, other], duration=100)


def with_tail(data):
    return data + b"\0\0\0\x18ftypmp42" + data[:5000]


def with_trailer(jpeg):
    """A JPEG as some phones end it: no end marker, but data of their own, in which any marker may occur."""
    directory = b"\0\0\xf1\x0a" + bytes(range(250)) + b"\xff\xc9\xff\xc4\0\x09" + bytes(300)
    return jpeg[:-2] + directory + b"SEFH" + bytes(40) + b"SEFT"


ALPHA, ON_BACKDROP = with_alpha()
PALETTE_ALPHA, PALETTE_ON_BACKDROP = palette_with_alpha()
GREY_ON_BACKDROP = GREY.copy()
GREY_ON_BACKDROP[:100, :100] = BACKDROP
TWO_TONES = selfie().convert("1")
SHADES = [  # name, file, pixels wanted, mean difference allowed
    ("jpeg", encode(selfie(), "JPEG", quality=90), PIXELS, 4),
    ("jpeg progressive", encode(selfie(), "JPEG", quality=90, progressive=True), PIXELS, 4),
    ("jpeg grey", encode(selfie().convert("L"), "JPEG", quality=90), GREY, 3),
    ("jpeg cmyk", encode(selfie().convert("CMYK"), "JPEG", quality=95), PIXELS, 4),
    ("jpeg in srgb", encode(selfie(), "JPEG", quality=90, icc_profile=files.srgb_profile()), PIXELS, 4),
    ("jpeg in display p3", encode(stored_in(DISPLAY_P3), "JPEG", quality=95, subsampling=0,
                                  icc_profile=files.rgb_profile(DISPLAY_P3, 2.2)), PIXELS, 4),
    ("jpeg with a broken profile", encode(selfie(), "JPEG", quality=90, icc_profile=b"no profile" * 30), PIXELS, 4),
    ("jpeg with a profile for cmyk", encode(selfie(), "JPEG", quality=90, icc_profile=files.cmyk_profile()), PIXELS, 4),
    ("jpeg of a phone with a film behind", with_tail(encode(selfie(), "JPEG", quality=90)), PIXELS, 4),
    ("jpeg with a second picture (mpo)", encode(selfie(), "MPO", save_all=True, quality=90,
                                                append_images=[Image.new("RGB", (64, 64))]), PIXELS, 4),
    ("jpeg without its end marker", encode(selfie(), "JPEG", quality=90)[:-2], PIXELS, 4),
    ("jpeg with a trailer in place of its end marker", with_trailer(encode(selfie(), "JPEG", quality=90)), PIXELS, 4),
    ("jpeg progressive with a trailer likewise",
     with_trailer(encode(selfie(), "JPEG", quality=90, progressive=True)), PIXELS, 4),
    ("jpeg with another picture in place of its end marker",
     encode(selfie(), "JPEG", quality=90)[:-2] + encode(Image.new("RGB", (300, 300)), "JPEG"), PIXELS, 4),
    ("png", encode(selfie(), "PNG"), PIXELS, 0),
    ("png grey", encode(selfie().convert("L"), "PNG"), GREY, 0),
    ("png black and white", encode(TWO_TONES, "PNG"), np.asarray(TWO_TONES.convert("RGB")), 0),
    ("png palette", encode(selfie().quantize(200), "PNG"), PIXELS, 6),
    ("png palette with alpha", PALETTE_ALPHA, PALETTE_ON_BACKDROP, 0),
    ("png alpha", encode(ALPHA, "PNG"), ON_BACKDROP, 0),
    ("png grey with alpha", encode(ALPHA.convert("LA"), "PNG"), GREY_ON_BACKDROP, 0),
    ("png 16 bit", sixteen_bit(PIXELS), PIXELS, 0.5),
    ("png 16 bit grey", encode(Image.fromarray(GREY[..., 0].astype(np.uint16) * 257), "PNG"), GREY, 0),
    ("png in display p3", encode(stored_in(DISPLAY_P3), "PNG",
                                 icc_profile=files.rgb_profile(DISPLAY_P3, 2.2)), PIXELS, 1),
    ("png in adobe rgb", encode(stored_in(ADOBE_RGB), "PNG",
                                icc_profile=files.rgb_profile(ADOBE_RGB, 2.2)), PIXELS, 1),
    ("png animated", animated("PNG"), PIXELS, 0),
    ("webp", encode(selfie(), "WEBP", quality=90), PIXELS, 4),
    ("webp lossless", encode(selfie(), "WEBP", lossless=True), PIXELS, 0),
    ("webp alpha", encode(ALPHA, "WEBP", lossless=True), ON_BACKDROP, 0),
    ("webp animated", animated("WEBP"), PIXELS, 5),
    ("heic", encode(selfie(), "HEIC", quality=90), PIXELS, 4),
    ("heic grey", encode(selfie().convert("L"), "HEIC", quality=90), GREY, 4),
    ("heic alpha", encode(ALPHA, "HEIC", quality=90), ON_BACKDROP, 5),
    ("heic 10 bit", deep_heic(), PIXELS, 4),
    ("avif", encode(selfie(), "AVIF", quality=90), PIXELS, 4),
    ("avif grey", encode(selfie().convert("L"), "AVIF", quality=90), GREY, 4),
    ("avif alpha", encode(ALPHA, "AVIF", quality=90), ON_BACKDROP, 5),
    ("avif animated", animated("AVIF"), PIXELS, 6),
    ("avif in display p3", encode(stored_in(DISPLAY_P3), "AVIF", quality=95,
                                  icc_profile=files.rgb_profile(DISPLAY_P3, 2.2)), PIXELS, 4),
    ("heic in display p3", encode(stored_in(DISPLAY_P3), "HEIC", quality=95,
                                  icc_profile=files.rgb_profile(DISPLAY_P3, 2.2)), PIXELS, 4),
]  # fmt: skip


@pytest.mark.scorecard("R2")
@pytest.mark.parametrize(("data", "wanted", "allowed"), [case[1:] for case in SHADES], ids=[case[0] for case in SHADES])
def test_an_odd_but_valid_photo_comes_out_right(data, wanted, allowed):
    found = open_photo(data)
    assert type(found) is np.ndarray and found.dtype == np.uint8 and found.flags.c_contiguous and found.flags.writeable
    assert difference(found, wanted) <= allowed


@pytest.mark.scorecard("R2")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_comes_out_upright(kind, orientation):
    data = files.turned(orientation, kind)
    assert difference(open_photo(data), PIXELS) < 6
    if kind not in ("HEIC", "AVIF") and orientation in (2, 3, 4):  # the control: without our code it lies on its side
        with Image.open(BytesIO(data)) as image:
            assert difference(np.asarray(image.convert("RGB")), PIXELS) > 20


@pytest.mark.scorecard("R2", cases=0)
def test_without_conversion_the_colours_would_be_wrong():
    assert difference(np.asarray(stored_in(DISPLAY_P3)), PIXELS) > 3
    assert difference(np.asarray(stored_in(ADOBE_RGB)), PIXELS) > 3


@pytest.mark.scorecard("R2")
def test_cmyk_goes_through_its_profile():
    image = Image.new("CMYK", (300, 300), (255, 0, 0, 0))
    red, green, blue = open_photo(encode(image, "JPEG", icc_profile=files.cmyk_profile()))[150, 150]
    assert red > 100 > 40 > max(green, blue)
    assert tuple(open_photo(encode(image, "JPEG"))[150, 150]) == (0, 255, 255)


@pytest.mark.scorecard("R2")
def test_grey_goes_through_its_profile():
    data = encode(Image.new("L", (300, 300), 128), "PNG", icc_profile=files.grey_profile(1.0))
    assert tuple(open_photo(data)[150, 150]) == (188, 188, 188)


@pytest.mark.scorecard("R2")
def test_sixteen_bits_are_scaled_where_plain_pillow_clips_them():
    data = encode(Image.fromarray(np.full((300, 300), 128 * 257, np.uint16)), "PNG")
    assert tuple(open_photo(data)[0, 0]) == (128, 128, 128)
    with Image.open(BytesIO(data)) as image:
        assert image.convert("L").getpixel((0, 0)) == 255


@pytest.mark.scorecard("R2")
@pytest.mark.parametrize(
    ("kind", "size", "wanted", "options"),
    [
        ("JPEG", (8000, 6000), (WORK_SIDE, 1536), {"quality": 60}),
        ("PNG", (600, 4201), (293, WORK_SIDE), {"compress_level": 1}),
        ("WEBP", (600, 4201), (293, WORK_SIDE), {"method": 0}),
        ("HEIC", (600, 4201), (293, WORK_SIDE), {"enc_params": {"preset": "ultrafast"}}),
        ("AVIF", (600, 4201), (293, WORK_SIDE), {"speed": 10}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_large_photo_is_scaled_down_as_a_whole(kind, size, wanted, options):
    data = encode(selfie().resize(size, Image.Resampling.BILINEAR), kind, **options)
    assert difference(open_photo(data), np.asarray(selfie().resize(wanted, Image.Resampling.BILINEAR))) < 3


def test_scaling_strip_by_strip_shows_no_seams_and_shifts_nothing():
    large = selfie().resize((599, 4201), Image.Resampling.BICUBIC)
    at_once = np.asarray(large.resize((292, WORK_SIDE), Image.Resampling.LANCZOS)).astype(float)
    rows = np.abs(open_photo(encode(large, "PNG", compress_level=1)) - at_once).mean(axis=(1, 2))
    assert rows.max() < 1.8  # 2.4 with one row shifted


def test_a_photo_may_be_a_file(tmp_path: Path):
    path = tmp_path / "selfie.jpg"
    path.write_bytes(encode(selfie(), "PNG"))  # the name does not matter
    assert np.array_equal(open_photo(path), PIXELS) and np.array_equal(open_photo(str(path)), PIXELS)


def test_many_may_be_opened_at_once():
    data = [case[1] for case in SHADES]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(open_photo, data))
    assert all(np.array_equal(pixels, open_photo(one)) for pixels, one in zip(together, data, strict=True))


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A file and the sentence with which it is refused."""

    refusal: Refusal
    data: bytes
    values: tuple[tuple[str, int | str], ...] = ()


def blank(width, height, kind="PNG", **options):
    return encode(Image.new("L", (width, height)), kind, **options)


REFUSED = [
    Refused(refusal=Refusal.EMPTY, data=b""),
    Refused(refusal=Refusal.TOO_HEAVY, data=encode(selfie(), "PNG") + bytes(MAX_BYTES)),
    Refused(refusal=Refusal.NOT_A_PHOTO, data=b"Dear Sir or Madam"),
    Refused(refusal=Refusal.OTHER_KIND, data=encode(selfie(), "GIF"), values=(("name", "a GIF picture"),)),
    Refused(
        refusal=Refusal.TOO_LARGE,
        data=files.png_bomb(9000),
        values=(("width", 9000), ("height", 9000), ("most", 52)),
    ),
    Refused(
        refusal=Refusal.TOO_SMALL, data=blank(255, 300), values=(("width", 255), ("height", 300), ("least", MIN_SIDE))
    ),
    Refused(refusal=Refusal.TOO_NARROW, data=blank(300, 2500), values=(("width", 300), ("height", 2500))),
    Refused(
        refusal=Refusal.TOO_MANY_PASSES,
        data=files.with_passes(encode(selfie(), "JPEG", progressive=True), 90),
        values=(("passes", 100),),
    ),
    Refused(refusal=Refusal.TOO_SLOW, data=files.with_frame(encode(selfie(), "JPEG"), 0xC9)),  # arithmetic coding
    Refused(refusal=Refusal.DAMAGED, data=encode(selfie(), "JPEG")[:5000]),
]


@pytest.mark.parametrize("case", REFUSED, ids=[case.refusal.name for case in REFUSED])
def test_a_refusal_says_what_to_do(case):
    with pytest.raises(PhotoError) as refused:
        open_photo(case.data)
    assert str(refused.value) == case.refusal.format(**dict(case.values))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path):
    for path in (tmp_path / "none.jpg", "a\0b", tmp_path / "none" / "none.jpg"):
        with pytest.raises(PhotoError, match="^" + Refusal.MISSING):
            open_photo(path)
    with pytest.raises(PhotoError, match=r"^This is a folder, not a photo\."):
        open_photo(tmp_path)
    for path in ("/dev/zero", tmp_path / ("long" * 100)):
        with pytest.raises(PhotoError, match="^" + Refusal.UNREADABLE):
            open_photo(path)


def test_every_refusal_has_a_test_and_two_sentences():
    tested = {case.refusal for case in REFUSED} | {Refusal.MISSING, Refusal.UNREADABLE, Refusal.FOLDER}
    assert tested == set(Refusal)
    assert all(refusal.endswith(".") and refusal.count(". ") >= 1 for refusal in Refusal)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("GIF", "a GIF picture"),
        ("BMP", "a BMP picture"),
        ("TIFF", "a TIFF picture or a camera's raw file (DNG, NEF, ARW)"),
        ("JPEG2000", "a JPEG 2000 picture"),
        ("PDF", "a PDF document"),
        ("ICO", None),
        ("PPM", None),
        ("TGA", None),
        ("PCX", None),
        ("DDS", None),
        ("SGI", None),
    ],
)
def test_other_formats_are_named_and_never_reach_a_decoder_though_pillow_has_one(kind, name):
    data = encode(selfie(), kind)
    if kind != "PDF":
        with Image.open(BytesIO(data)) as image:
            image.load()
    with pytest.raises(PhotoError) as refused:
        open_photo(data)
    assert str(refused.value) == (Refusal.OTHER_KIND.format(name=name) if name else Refusal.NOT_A_PHOTO)


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b"\xff\x0a\xfa\x1f", "a JPEG XL picture"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "a camera's raw file (CR3)"),
        (b"\0\0\0\x18ftypqt  \0\0\0\0", "a film"),
        (b"PK\x03\x04\x14", "a ZIP archive or an office document"),
        (b"<svg onload=alert(1)></svg>", "an SVG drawing"),
    ],
)
def test_what_people_take_for_photos_is_named(start, name):
    with pytest.raises(PhotoError, match=name.replace("(", r"\(").replace(")", r"\)")):
        open_photo(start + bytes(100))


@pytest.mark.parametrize("name", ["DSC.HIF", "photo", "profile.jpg_large", "IMG.jpg~2", "IMG.JPG.download"])
@pytest.mark.parametrize("kind", ["JPEG", "HEIC", "AVIF"])
def test_the_content_says_what_a_file_is_whatever_its_name(tmp_path: Path, name, kind):
    path = tmp_path / name
    path.write_bytes(encode(selfie(), kind, quality=90))
    assert difference(open_photo(path), PIXELS) < 4


def test_without_its_end_marker_a_jpeg_must_be_whole():
    """Cut within its last rows, before a trailer or the end: what is missing would be grey."""
    whole = encode(selfie(), "JPEG", quality=90)
    trailer = bytes(range(100)) + b"\xff\xc9SEFT"
    for data in (whole[:-2000] + trailer, whole[:-2000], whole[:-40]):
        with pytest.raises(PhotoError, match="^" + Refusal.DAMAGED):
            open_photo(data)
    with Image.open(BytesIO(whole[:-2000] + b"\xff\xd9")) as image:  # the control: a decoder does not mind
        image.load()


def telling_files():
    """Per format a photo that says where, with what and by whom it was taken."""
    exif, xmp = Image.Exif(), b"<x>XMPCANARY</x>"
    exif[0x010F], exif[0xA431] = "MAKERCANARY", "SERIALCANARY"
    exif.get_ifd(0x8825)[0x1D] = "GPSCANARY"
    known = {"exif": exif.tobytes(), "xmp": xmp}
    jpeg = encode(selfie(), "JPEG", comment=b"COMMENTCANARY", **known)
    png = files.after_png_header(
        encode(selfie(), "PNG", exif=exif),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
        (b"tEXt", b"C\0COMMENTCANARY"),
    )
    return {
        "JPEG": jpeg[:2] + files.jpeg_segment(0xED, b"Photoshop 3.0\0MAKERCANARY") + jpeg[2:] + b"MAKERCANARY film",
        "PNG": png,
        "WEBP": encode(selfie(), "WEBP", **known),
        "HEIC": encode(selfie(), "HEIC", **known),
        "AVIF": encode(selfie(), "AVIF", **known),
    }


@pytest.mark.scorecard("R3", cases=len(METADATA))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC", "AVIF"])
def test_nothing_about_the_person_survives(kind):
    data = telling_files()[kind]
    told = [word for word in METADATA if word.encode() in data]
    assert len(told) >= 4
    pixels = open_photo(data)
    assert type(pixels) is np.ndarray and difference(pixels, PIXELS) < 6
    saved = encode(Image.fromarray(pixels), "PNG")
    assert not [word for word in METADATA if word.encode() in saved]
    if kind in ("JPEG", "PNG"):  # not even the decoder sees it
        assert not [word for word in METADATA if word.encode() in read_contents(kind, data).data]


@pytest.mark.scorecard("R3", cases=0)
def test_plain_pillow_would_have_kept_it():
    with Image.open(BytesIO(telling_files()["JPEG"])) as image:
        assert all(word in repr(image.info) for word in METADATA if word != "MAKERCANARY")
