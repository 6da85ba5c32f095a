"""Pictures for HDR displays, with wide primaries or another gamma come out as bright and as colourful as they are."""

from io import BytesIO

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from pipelines.images.colour_coding import KNEE, ColourCoding, coding_of_nclx, to_srgb
from pipelines.images.decode import open_photo
from tests.support import picture_files as files
from tests.support.picture_files import encode, selfie

PIXELS = np.asarray(selfie())
BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""Linear BT.709 to BT.2020 (ITU-R BT.2087)."""
PQ, HLG = 16, 18
TRANSFER = {PQ: "PQ", HLG: "HLG"}


def light():
    """The selfie's linear light, white 1, in BT.2020's primaries: float (400, 320, 3)."""
    numbers = PIXELS / 255.0
    linear = np.where(numbers <= 0.04045, numbers / 12.92, ((numbers + 0.055) / 1.055) ** 2.4)
    return linear @ BT2020.T


def pq(linear):
    """PQ's numbers of light whose white is 203 nits (SMPTE ST 2084)."""
    power = (np.clip(linear, 0, None) * 203 / 10_000) ** 0.1593017578
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(linear):
    """HLG's numbers of light whose white is a signal of 75 % (ITU-R BT.2100)."""
    scene = np.clip(linear, 0, None) * 0.26496
    return np.where(
        scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6)) + 0.55991073
    )


CODED = {PQ: pq, HLG: hlg}


def heic(transfer, numbers):
    """A 10-bit HEIC of these numbers 0..1 that says its transfer function."""
    buffer, pixels = BytesIO(), (numbers * 65535).round().astype(np.uint16)
    size = pixels.shape[1::-1]
    told = {"color_primaries": 9, "transfer_characteristics": transfer, "matrix_coefficients": 9, "full_range_flag": 1}
    pillow_heif.from_bytes("RGB;16", size, pixels.tobytes()).save(buffer, quality=95, **told)
    return buffer.getvalue()


def png(numbers, *chunks):
    return files.after_png_header(encode(Image.fromarray((numbers * 255).round().astype(np.uint8)), "PNG"), *chunks)


def cicp(primaries, transfer):
    return b"cICP", bytes((primaries, transfer, 0, 1))


def gama(exponent):
    return b"gAMA", round(exponent * 100_000).to_bytes(4, "big")


def apart(found, wanted):
    """Mean difference in levels of 0 to 255 where highlights are not compressed."""
    plain = wanted.max(-1) < 255 * KNEE**0.45
    return float(np.abs(found.astype(float) - wanted)[plain].mean())


@pytest.mark.parametrize("transfer", CODED, ids=TRANSFER.get)
def test_ten_bit_hdr_of_phones_is_as_bright_as_the_picture(transfer):
    data = heic(transfer, CODED[transfer](light()))
    assert apart(open_photo(data), PIXELS) < 4
    unmapped = np.asarray(pillow_heif.open_heif(data, convert_hdr_to_8bit=True))  # the control
    assert apart(unmapped, PIXELS) > 15


@pytest.mark.parametrize("transfer", CODED, ids=TRANSFER.get)
def test_a_png_that_says_hdr_is_as_bright_as_the_picture(transfer):
    numbers = CODED[transfer](light())
    assert apart(open_photo(png(numbers, cicp(9, transfer))), PIXELS) < 2.5
    assert apart(open_photo(png(numbers)), PIXELS) > 15


@pytest.mark.parametrize("transfer", CODED, ids=TRANSFER.get)
def test_hdr_counts_more_than_a_profile(transfer):
    numbers = CODED[transfer](light())
    image = Image.fromarray((numbers * 255).round().astype(np.uint8))
    data = encode(image, "PNG", icc_profile=files.srgb_profile())
    assert apart(open_photo(files.after_png_header(data, cicp(9, transfer))), PIXELS) < 2.5


def test_highlights_beyond_white_keep_their_order_and_never_clip():
    """Steps from the knee to eight times diffuse white: each is lighter than the last."""
    steps = np.geomspace(0.5, 8, 12)
    numbers = np.repeat(pq(steps)[None, :, None], 3, 2).repeat(300, 0).repeat(25, 1)
    seen = open_photo(png(numbers, cicp(1, PQ)))[150, 12::25, 0].astype(int)
    assert (np.diff(seen[:8]) > 0).all() and (np.diff(seen) >= 0).all() and 250 <= seen[-1] < 255


def test_a_highlight_keeps_its_hue():
    numbers = np.broadcast_to(pq(np.array([3.0, 1.5, 0.75])), (300, 300, 3))
    red, green, blue = (open_photo(png(numbers, cicp(1, PQ)))[150, 150] / 255.0) ** 2.2
    assert red / green == pytest.approx(2, rel=0.15) and green / blue == pytest.approx(2, rel=0.15)


def test_a_png_of_linear_light_is_not_dark():
    numbers = np.linalg.solve(BT2020, light()[..., None])[..., 0]
    assert apart(open_photo(png(np.clip(numbers, 0, 1), gama(1.0))), PIXELS) < 3
    assert apart(open_photo(png(np.clip(numbers, 0, 1))), PIXELS) > 15


def test_a_gamma_is_silenced_by_a_stronger_statement():
    """sRGB's chunk and a colour profile say more, and so does the usual gamma, which means sRGB."""
    numbers = PIXELS / 255
    plain = png(numbers)
    for data in (
        files.after_png_header(plain, (b"sRGB", b"\0"), gama(1.0)),
        files.after_png_header(encode(selfie(), "PNG", icc_profile=files.srgb_profile()), gama(1.0)),
        files.after_png_header(plain, gama(0.45455)),
        files.after_png_header(plain, (b"gAMA", bytes(4))),
    ):
        assert np.abs(open_photo(data).astype(int) - PIXELS).max() <= 1


def test_wide_primaries_without_a_profile_are_seen():
    """A PNG that says P3 with sRGB's curve, as phones and browsers write them."""
    display_p3 = np.array([[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]])
    linear = np.linalg.solve(BT2020, light()[..., None])[..., 0] @ display_p3.T
    numbers = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.clip(linear, 0, 1) ** (1 / 2.4) - 0.055)
    assert apart(open_photo(png(numbers, cicp(12, 13))), PIXELS) < 1
    assert apart(open_photo(png(numbers)), PIXELS) > 2


def test_transparent_hdr_stays_transparent():
    image = Image.fromarray((pq(light()) * 255).round().astype(np.uint8)).convert("RGBA")
    image.putalpha(7)
    seen = to_srgb(image, ColourCoding(primaries=9, transfer=PQ))
    assert seen.mode == "RGBA" and set(np.asarray(seen)[..., 3].ravel()) == {7}


def test_grey_takes_its_gamma():
    grey = np.linspace(0, 1, 256)[None].repeat(256, 0)
    image = Image.fromarray((grey * 255).round().astype(np.uint8))
    seen = open_photo(files.after_png_header(encode(image, "PNG"), gama(1.0)))
    assert 186 <= seen[0, 128, 0] <= 189


def test_an_avif_file_is_searched_for_its_coding_near_its_start_only():
    told = b"colrnclx" + bytes((0, 9, 0, 16, 0, 9, 0x80))
    assert coding_of_nclx(b"x" * 100 + told) == ColourCoding(primaries=9, transfer=PQ)
    assert coding_of_nclx(b"x" * 100_000 + told) is None and coding_of_nclx(told[:12]) is None


def test_an_avif_for_hdr_is_as_bright_as_the_picture():
    image = Image.fromarray((pq(light()) * 255).round().astype(np.uint8))
    data = encode(image, "AVIF", quality=95)
    at = data.index(b"colrnclx") + 8
    assert apart(open_photo(data), PIXELS) > 15
    hdr = data[:at] + bytes((0, 9, 0, 16)) + data[at + 4 :]
    assert apart(open_photo(hdr), PIXELS) < 4


def test_opencv_and_the_tables_agree_on_srgb():
    """The way there and back changes nothing."""
    same = np.asarray(to_srgb(Image.fromarray(PIXELS), ColourCoding()))
    assert np.abs(same.astype(int) - PIXELS).max() <= 1
    assert cv2.norm(same, PIXELS, cv2.NORM_L1) / PIXELS.size < 0.1
