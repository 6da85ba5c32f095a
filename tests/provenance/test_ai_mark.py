"""The AI mark: it is where the standards want it, others find it, and it is read in every form that XMP allows."""

import shutil
import subprocess

import pytest
from PIL import Image

from pipelines.provenance.save import IPTC_EXT, is_marked
from pipelines.provenance.signature import AI_MARK
from tests.support.picture_files import encode, selfie
from tests.support.recipes import marked, with_packet


def test_an_outside_reader_finds_the_mark(saved):
    with Image.open(saved) as image:
        description = image.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert description["DigitalSourceType"] == AI_MARK
    assert AI_MARK.endswith("/digitalsourcetype/trainedAlgorithmicMedia")


def test_the_mark_is_where_the_standards_want_it(saved):
    """By hand: in a PNG the chunk iTXt of this keyword, not compressed; in a JPEG an APP1 segment near the start."""
    data = saved.read_bytes()
    if saved.suffix == ".png":
        at = data.index(b"iTXtXML:com.adobe.xmp\0\0\0\0\0")
        assert at < data.index(b"IDAT")
        packet = data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at], "big")]
    else:
        at = data.index(b"http://ns.adobe.com/xap/1.0/\0")
        assert data[at - 4 : at - 2] == b"\xff\xe1" and at < 2000
        packet = data[at : at - 2 + int.from_bytes(data[at - 2 : at], "big")]
    assert f"<Iptc4xmpExt:DigitalSourceType>{AI_MARK}<".encode() in packet
    assert f'xmlns:Iptc4xmpExt="{IPTC_EXT}"'.encode() in packet
    assert packet.endswith(b'<?xpacket end="r"?>')


@pytest.mark.scorecard("R20")
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_finds_the_mark(saved):
    said = subprocess.run(
        ["exiftool", "-s3", "-XMP-iptcExt:DigitalSourceType", saved], capture_output=True, text=True, check=True
    )
    assert "trainedAlgorithmicMedia" in said.stdout or "algorithm" in said.stdout.lower()


@pytest.mark.scorecard("R20", cases=0)
def test_is_marked_tells_our_pictures_from_others(saved):
    assert is_marked(saved) and is_marked(saved.read_bytes())
    kind = {".png": "PNG", ".jpg": "JPEG"}[saved.suffix]
    assert not is_marked(encode(selfie(), kind))
    with Image.open(saved) as image:  # the control: what a page does that takes pictures instead of files
        assert not is_marked(encode(image.convert("RGB"), "WEBP"))
    assert not is_marked(b"hello")


@pytest.mark.parametrize(
    ("mark", "found"),
    [
        (f'<rdf:Description i:DigitalSourceType="{AI_MARK}"/>', True),
        (f'<rdf:Description><i:DigitalSourceType rdf:resource="{AI_MARK}"/></rdf:Description>', True),
        (f"<rdf:Description><i:DigitalSourceType> {AI_MARK}\n</i:DigitalSourceType></rdf:Description>", True),
        (f'<rdf:Description i:DigitalSourceType="{AI_MARK}ly"/>', False),
        (f'<rdf:Description DigitalSourceType="{AI_MARK}"/>', False),
        (f"<!-- {AI_MARK} -->", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_mark_is_read_in_every_form_that_xmp_allows(mark, found, kind):
    assert is_marked(with_packet(marked(mark), kind)) is found
