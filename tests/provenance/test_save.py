"""A saved picture says that AI made it and how to make it again; files by others can do no harm."""

import errno
import io
import json
import os
import random
import resource
import shutil
import stat
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.errors import UserError
from pipelines.images.decode import Refusal
from pipelines.provenance.recipe import NEWER, VERSIONS, Recipe
from pipelines.provenance.save import (
    IPTC_EXT,
    PART,
    RDF,
    RECIPE_NAMESPACE,
    Trouble,
    is_marked,
    read_recipe,
    save,
)
from pipelines.provenance.signature import AI_MARK
from pipelines.settings import MAX_CHARACTERS, SETTINGS
from tests.support import picture_files as files
from tests.support.picture_files import encode, selfie

PICTURE = np.asarray(selfie())
RECIPE = Recipe(
    engine="builtin",
    look="corporate",
    backdrop="seamless-grey",
    expression="smiling",
    words="grey background, smiling",
    negative_words="glasses",
    identity_strength=0.8,
    structure=0.35,
    guidance_scale=3.0,
    steps=12,
    seed=7,
    versions={"app": "0.1.0", "model": "builtin-3", "torch": "2.13.0+cpu", "diffusers": "0.42.1"},
)
NASTY = [
    "a < b & c > d \"quoted\" 'single' ]]> <!-- x --> <?xml?> &amp; &#0; &lt;",
    '</headshot:recipe></rdf:Description><script>alert("x")</script>',
    "{mark} {recipe} %s %(a)s \\ \\n \\u0041 \\x00",
    "Großmutter, 日本語, עברית, 👩🏽‍🔬 🏳️‍🌈, e\u0301",
    "one line\nanother\tline",
    "\u2028\ufeff\uffff" + "&" * (MAX_CHARACTERS - 3),
    "😀" * MAX_CHARACTERS,
]
BLANK = Image.new("RGB", (8, 8))
SUFFIXES = [".png", ".jpg"]


@pytest.fixture(params=SUFFIXES)
def saved(request, tmp_path):
    return save(PICTURE, tmp_path / f"headshot{request.param}", RECIPE)


def test_a_recipe_is_read_back_from_the_file_and_from_its_bytes(saved):
    assert read_recipe(saved) == read_recipe(str(saved)) == read_recipe(saved.read_bytes()) == RECIPE


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("words", NASTY, ids=range(len(NASTY)))
def test_any_words_are_read_back_as_they_were(suffix, words, tmp_path):
    recipe = replace(RECIPE, words=words, negative_words=words[::-1])
    assert recipe.words == words
    assert read_recipe(save(np.asarray(BLANK), tmp_path / f"a{suffix}", recipe)) == recipe


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_control_characters_are_dropped(suffix, tmp_path):
    recipe = replace(RECIPE, words="a\0b\x1b[31mc\x7f\x85\ud800d\r\ne")
    assert recipe.words == "ab[31mcd\r\ne"
    assert read_recipe(save(np.asarray(BLANK), tmp_path / f"a{suffix}", recipe)) == recipe


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


def test_pixels_and_colours_are_kept(saved):
    with Image.open(saved) as image:
        assert image.mode == "RGB"
        assert np.abs(np.asarray(image).astype(int) - PICTURE).mean() <= (0 if saved.suffix == ".png" else 2.5)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_the_same_picture_and_recipe_give_the_same_bytes(tmp_path):
    first = [save(PICTURE, tmp_path / f"a{suffix}", RECIPE).read_bytes() for suffix in SUFFIXES]
    time.sleep(1.1)  # the colour profile's date has seconds
    assert [save(PICTURE, tmp_path / f"b{suffix}", RECIPE).read_bytes() for suffix in SUFFIXES] == first


@pytest.mark.scorecard("R20", cases=0)
def test_is_marked_tells_our_pictures_from_others(saved):
    assert is_marked(saved) and is_marked(saved.read_bytes())
    kind = {".png": "PNG", ".jpg": "JPEG"}[saved.suffix]
    assert not is_marked(encode(selfie(), kind))
    with Image.open(saved) as image:  # the control: what a page does that takes pictures instead of files
        assert not is_marked(encode(image.convert("RGB"), "WEBP"))
    assert not is_marked(b"hello")


def marked(mark):
    return f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:i="{IPTC_EXT}">{mark}</rdf:RDF>'


def with_packet(packet, kind="PNG"):
    """A picture with this text as its XMP packet."""
    raw = packet if isinstance(packet, bytes) else packet.encode()
    if kind == "JPEG":
        return encode(BLANK, "JPEG", xmp=raw)
    return files.after_png_header(encode(BLANK, "PNG"), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + raw))


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


def test_a_recipe_holds_nothing_about_the_person(saved):
    assert {field.name for field in fields(Recipe)} == {
        *("format", "engine", "look", "wardrobe", "colour", "tie", "tie_colour", "shirt_colour", "cut", "build"),
        *("backdrop", "light", "expression", "crop", "framing", "torso", "tilt", "words", "negative_words"),
        *("identity_strength", "structure", "resemblance", "guidance_scale", "steps", "lora_scale", "seed", "versions"),
    }
    assert VERSIONS == ("app", "model", "torch", "diffusers")
    assert b"headshot." not in saved.read_bytes().replace(b"headshot:", b"")  # not even its own file name


def test_those_may_read_the_file_whom_the_umask_allows(saved, tmp_path):
    (tmp_path / "ordinary").touch()
    assert stat.S_IMODE(saved.stat().st_mode) == stat.S_IMODE((tmp_path / "ordinary").stat().st_mode)


def test_a_file_appears_complete_or_not_at_all(tmp_path):
    path, done, seen = tmp_path / "a.png", threading.Event(), []

    def watch():
        while not done.is_set():
            if path.exists():
                seen.append(read_recipe(path).seed)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for seed in range(20):
        save(PICTURE, path, replace(RECIPE, seed=seed))
    done.set()
    watcher.join()
    assert seen == sorted(seen) and seen
    assert os.listdir(tmp_path) == ["a.png"]


def test_when_writing_fails_the_old_file_stays_and_nothing_else(tmp_path):
    path = save(PICTURE, tmp_path / "a.png", RECIPE)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # bytes: the write stops half-way
    try:
        with pytest.raises(UserError, match="^" + Trouble.NOT_WRITABLE):
            save(PICTURE, path, replace(RECIPE, seed=8))
        with pytest.raises(OSError):  # the control: half a file
            Image.fromarray(PICTURE).save(tmp_path / "plain.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert [name for name in os.listdir(tmp_path) if not name.startswith("plain")] == ["a.png"]


def test_a_killed_process_leaves_no_half_picture(tmp_path):
    script = (
        "import itertools, sys, numpy as np\n"
        "from tests.provenance.test_save import RECIPE\n"
        "from pipelines.provenance.save import save\n"
        "image = np.random.default_rng(0).integers(0, 255, (700, 700, 3), np.uint8)\n"
        "for k in itertools.count():\n"
        "    save(image, f'{sys.argv[1]}/{k}.jpg', RECIPE)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path])
    while not list(tmp_path.glob("*.jpg")):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    process.kill()
    process.wait()
    assert all(read_recipe(path) == RECIPE for path in tmp_path.glob("*.jpg"))
    assert all(path.suffix in (".jpg", PART) for path in tmp_path.iterdir())


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="^" + Trouble.DISK_FULL):
        save(PICTURE, tmp_path / "a.png", RECIPE)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "a.png", "/proc/a.png"):
        with pytest.raises(UserError, match="^" + Trouble.NOT_WRITABLE):
            save(PICTURE, path, RECIPE)
    assert save(PICTURE, tmp_path / "new" / "folder" / "a.PNG", RECIPE).exists()


def test_only_formats_that_keep_the_mark_are_written(tmp_path):
    for name in ("a.webp", "a.gif", "a"):
        with pytest.raises(UserError, match="^" + Trouble.FORMAT):
            save(PICTURE, tmp_path / name, RECIPE)


def with_recipe(text, kind="PNG"):
    """A picture that carries this text where a recipe belongs."""
    text = text if isinstance(text, str) else json.dumps(text)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return with_packet(
        marked(f'<rdf:Description><h:recipe xmlns:h="{RECIPE_NAMESPACE}">{text}</h:recipe></rdf:Description>'), kind
    )


def changed(**values):
    return asdict(RECIPE) | values


NUMBERS: tuple[Any, ...] = (-0.1, 51, 1e400, float("nan"), "1", None, True, [], {})
WHOLE_NUMBERS = (-1, 7.5, 2**64, "1", None, False, float("inf"))
IDS = ("", "../x", "A", "a b", "a" * 65, 1, True, ["office"])
WORDS = ("a" * (MAX_CHARACTERS + 1), 1, None, ["a"])
VERSION_SETS: tuple[Any, ...] = (None, [], "1", {"app": 1}, {"home": "1"}, {"app": "/home/me"}, {"app": "a" * 200})
SENSELESS = [
    *("{", "[]", "null", "7", '"x"', "{}", "[" * 50_000, "{" * 50_000, '{"a":' * 5000, "NaN", "x"),
    json.dumps(changed(seed=7))[:-1] + ', "face": [0.1]}',
    json.dumps(changed()).replace('"seed": 7, ', ""),
    json.dumps(changed(seed=7)).replace('"seed": 7', '"seed": ' + "9" * 5000),
    *(changed(**{name: value}) for name, setting in SETTINGS.items() if not setting.whole for value in NUMBERS),
    *(changed(**{name: value}) for name in ("steps", "seed") for value in WHOLE_NUMBERS),
    *(changed(**{name: value}) for name in ("engine", "look", "backdrop", "crop") for value in IDS),
    *(changed(**{name: None}) for name in ("engine", "look")),
    *(changed(**{name: value}) for name in ("words", "negative_words") for value in WORDS),
    *(changed(versions=value) for value in VERSION_SETS),
    *(changed(format=value) for value in (0, -1, "1", None, True, 1.5)),
]


@pytest.mark.parametrize("text", SENSELESS, ids=range(len(SENSELESS)))
def test_a_senseless_recipe_is_refused(text):
    with pytest.raises(UserError, match="^" + Trouble.DAMAGED):
        read_recipe(with_recipe(text))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_sensible_recipe_by_hand_is_read(kind):
    assert read_recipe(with_recipe(changed(structure=1), kind)) == replace(RECIPE, structure=1.0)


def test_a_recipe_of_a_newer_version_says_so():
    with pytest.raises(UserError, match="^" + NEWER):
        read_recipe(with_recipe({"format": 2, "something": "new"}))


LAUGHS = "".join(f'<!ENTITY l{k + 1} "{f"&l{k};" * 10}">' for k in range(9))
HOSTILE_XMP = {
    "a million laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>' + marked("<rdf:Description>&l9;</rdf:Description>"),
    "a file of this computer": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    + marked(f'<rdf:Description><h:recipe xmlns:h="{RECIPE_NAMESPACE}">&f;</h:recipe></rdf:Description>'),
    "an entity in the mark's place": f'<!DOCTYPE x [<!ENTITY m "{AI_MARK}">]>'
    + marked("<rdf:Description><i:DigitalSourceType>&m;</i:DigitalSourceType></rdf:Description>"),
    "a million characters": marked(f'<rdf:Description i:DigitalSourceType="{"a" * 10**6}"/>'),
    "a million characters of recipe": marked(
        f'<rdf:Description><h:recipe xmlns:h="{RECIPE_NAMESPACE}">{" " * 10**6}</h:recipe></rdf:Description>'
    ),
    "not closed": marked("<rdf:Description>"),
    "not text": b"\xff\xfe\x00",
    "another encoding": b'<?xml version="1.0" encoding="no-such"?>\xe9',
    "control characters": marked("<rdf:Description>\x01</rdf:Description>"),
}


@pytest.mark.parametrize("name", HOSTILE_XMP)
def test_hostile_xmp_is_refused_in_time(name):
    data, start = with_packet(HOSTILE_XMP[name]), time.process_time()
    with pytest.raises(UserError, match="^" + Trouble.DAMAGED):
        read_recipe(data)
    assert not is_marked(data)
    assert time.process_time() - start < 1


def test_xmp_of_a_thousand_levels_is_only_xmp_without_a_recipe():
    with pytest.raises(UserError, match="^" + Trouble.NO_RECIPE):
        read_recipe(with_packet("<a>" * 10_000 + "</a>" * 10_000))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_without_a_recipe_says_so(kind):
    for data in (encode(BLANK, kind), with_packet(marked("<rdf:Description/>"), kind), with_recipe("", kind)):
        with pytest.raises(UserError, match="^" + Trouble.NO_RECIPE):
            read_recipe(data)


def test_compressed_xmp_is_not_unpacked():
    bomb = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(10**7))
    with pytest.raises(UserError, match="^" + Trouble.NO_RECIPE):
        read_recipe(files.after_png_header(encode(BLANK, "PNG"), (b"iTXt", bomb)))


def test_what_is_no_picture_says_so(tmp_path):
    for data in (b"hello", encode(BLANK, "WEBP"), encode(BLANK, "GIF")):
        with pytest.raises(UserError, match="^" + Trouble.NOT_A_PICTURE):
            read_recipe(data)
    with pytest.raises(UserError, match="^" + Refusal.MISSING):
        read_recipe(tmp_path / "none.png")


def test_flipped_and_truncated_files_get_a_recipe_or_a_sentence(saved):
    data, chance, answers = saved.read_bytes(), random.Random(saved.suffix), set[int | str]()
    span = data.index(b"xpacket end") + 50
    for turn in range(400):
        broken = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            broken[chance.randrange(span)] = chance.randrange(256)
        try:
            answers.add(read_recipe(bytes(broken[: chance.randrange(span)] if turn % 4 == 0 else broken)).seed)
        except UserError as error:
            answers.add(str(error))
        assert is_marked(bytes(broken)) in (True, False)
    assert len(answers) >= 3


@pytest.mark.parametrize(("name", "setting"), SETTINGS.items())
def test_a_recipe_with_a_value_that_no_request_has_cannot_be_made(name, setting):
    for value in (setting.low - 1, setting.high + 1, "1", None):
        with pytest.raises(UserError, match=f"^{setting.label} must be a .*number from"):
            replace(RECIPE, **dict[str, Any]({name: value}))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"look": "../x"}, "The look in a recipe must be an id"),
        ({"words": "a" * 1001}, "The words must be text of at most 1000 characters"),
        ({"format": 2}, "The format of a recipe must be 1"),
        ({"negative_words": 7}, "The negative words must be text"),
        ({"versions": {"face": "1"}}, "The versions in a recipe must be short texts for app, model, torch, diffusers"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_named(values, sentence):
    with pytest.raises(UserError, match="^" + sentence):
        replace(RECIPE, **values)
