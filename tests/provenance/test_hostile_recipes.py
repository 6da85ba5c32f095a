"""Pictures by others, offered as ours: a recipe is read from them or refused, and they can do no harm."""

import json
import random
import time
import zlib
from dataclasses import replace
from typing import Any

import pytest

from pipelines.errors import UserError
from pipelines.images.decode import Refusal
from pipelines.provenance.recipe import NEWER
from pipelines.provenance.save import RECIPE_NAMESPACE, Trouble, is_marked, read_recipe
from pipelines.provenance.signature import AI_MARK
from pipelines.settings import MAX_CHARACTERS, SETTINGS
from tests.support import picture_files as files
from tests.support.picture_files import encode
from tests.support.recipes import BLANK, RECIPE, changed, marked, with_packet, with_recipe

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
    *(
        changed(**{name: value})
        for name, setting in SETTINGS.items()
        if not setting.whole
        for value in NUMBERS
        if not (name == "second_pass" and value is None)
    ),
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
