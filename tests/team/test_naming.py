"""Names of files: letters of every script stay, and nothing leaves the folder or trips another program."""

import unicodedata

import pytest

from pipelines.errors import UserError
from pipelines.team.naming import MOST_BYTES, Person, Scheme, file_safe, unlike

VALUES = {
    "number": 7,
    "name": "Ada King Lovelace",
    "first": "Ada King",
    "last": "Lovelace",
    "look": "cv",
    "floor": "2/3",
}


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("José Müller", "José-Müller"),
        ("中村 太郎", "中村-太郎"),
        ("नरेन्द्र", "नरेन्द्र"),  # vowels and the virama are marks, not letters
        ("Анна-Мария О'Коннор", "Анна-Мария-О-Коннор"),
        (unicodedata.normalize("NFD", "Zoë"), "Zoë"),
        ("../../etc/passwd", "etc-passwd"),
        ("..\\..\\x", "x"),
        ("a\0b\u202ec\nd", "abcd"),
        (" .hidden. ", "hidden"),
        ("CON", "CON_"),
        ("aux.txt", "aux.txt_"),
        ("😀", ""),
    ],
)
def test_a_name_becomes_a_file_name_anywhere(text: str, safe: str) -> None:
    assert file_safe(text) == safe


def test_a_long_name_is_cut_between_letters() -> None:
    assert file_safe("é" * 500) == "é" * (MOST_BYTES // 2)


@pytest.mark.parametrize(
    ("cells", "first", "last", "name"),
    [
        ({"name": "Ada King Lovelace"}, "Ada King", "Lovelace", "Ada King Lovelace"),
        ({"name": "Lovelace, Ada"}, "Ada", "Lovelace", "Ada Lovelace"),
        ({"name": "Cher"}, "", "Cher", "Cher"),
        ({"first": "Ada", "last": "Lovelace"}, "Ada", "Lovelace", "Ada Lovelace"),
        ({"name": "AL", "first": "Ada", "last": "Lovelace"}, "Ada", "Lovelace", "AL"),
        ({}, "", "", ""),
    ],
)
def test_first_and_last_names_are_told_apart(cells: dict[str, str], first: str, last: str, name: str) -> None:
    assert Person.of(cells) == Person(name=name, first=first, last=last)


@pytest.mark.parametrize(
    ("scheme", "name"),
    [
        ("{number:03d}_{last}_{first}_{look}", "007_Lovelace_Ada-King_cv"),
        ("{last}{first} {picture}-{seed}", "LovelaceAda-King-2-11"),
        ("../{floor}/{last}", "2-3-Lovelace"),
        ("{number:5d}", "7"),
    ],
)
def test_a_photographers_scheme_names_the_files(scheme: str, name: str) -> None:
    assert Scheme(text=scheme).render({**VALUES, "seed": 11, "picture": 2}) == name


def test_a_name_that_is_missing_leaves_no_hole() -> None:
    assert Scheme().render({**VALUES, "first": ""}) == "007_Lovelace_cv"


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("{numbr}", "which no column is called"),
        ("{name.__class__}", "which no column is called"),
        ("{name!r}", "cannot be read"),
        ("{name:>900000000}", "cannot be read"),
        ("{number:q}", "cannot be read"),
        ("{number", "cannot be read"),
        ("{number:900000000d}", "cannot be read"),
        ("---", "without a letter"),
        ("{}", "which no column is called"),
    ],
)
def test_a_scheme_that_means_nothing_is_refused_before_anything_is_drawn(scheme: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        Scheme(text=scheme).names(["floor"])


def test_two_people_of_one_name_get_a_folder_each() -> None:
    assert unlike("Ada", {"ada", "ada-2"}) == "Ada-3"
    assert unlike("Bob", {"ada"}) == "Bob"
