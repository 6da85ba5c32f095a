"""Rows become tasks: every setting by its name, and each row that asks for nonsense is refused for itself."""

from pathlib import Path

import pytest

from pipelines.errors import UserError
from pipelines.looks.fields import FIELDS
from pipelines.settings import SETTINGS
from pipelines.team.naming import Scheme
from pipelines.team.table import read_table
from pipelines.team.tasks import SETTING_NAMES, Refusal, Task, tasks_of


def asked(folder: Path, text: str, scheme: str = Scheme.text, **defaults: object) -> list[Task | Refusal]:
    file = folder / "people.csv"
    file.write_text(text, "utf-8")
    return list(tasks_of(read_table(file), defaults, Scheme(text=scheme)))


def test_every_setting_has_a_column(tmp_path: Path) -> None:
    assert {*FIELDS, *SETTINGS, "look", "words", "count", "engine", "format", "sizes", "faces"} <= set(SETTING_NAMES)
    columns = {"look": "cv", "backdrop": "office", "seed": "7", "count": "2", "structure": "0,8", "faces": "2;0"}
    columns |= {"sizes": "linkedin; cv", "engine": "auto", "words": "smiling", "format": "jpeg"}
    text = f'name;photos;{";".join(columns)}\nAda;"a.jpg;b.jpg";' + ";".join(f'"{cell}"' for cell in columns.values())
    (task,) = asked(tmp_path, text, guidance_scale=2.0, look="actor")
    assert isinstance(task, Task)
    assert dict(task.settings) == {
        "look": "cv",
        "backdrop": "office",
        "seed": 7,
        "count": 2,
        "structure": 0.8,
        "faces": (2, None),
        "sizes": ("linkedin", "cv"),
        "engine": None,
        "words": "smiling",
        "format": "jpeg",
        "guidance_scale": 2.0,
    }
    assert task.photos == (str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg"))
    again = Task.from_json(task.to_json())
    assert again.fingerprint([b"x"]) == task.fingerprint([b"x"]) and again.photos == task.photos
    assert again.request([b"x", b"y"], tmp_path) == task.request([b"x", b"y"], tmp_path)


def test_photos_are_found_from_the_tables_folder_or_at_an_address(tmp_path: Path) -> None:
    (task,) = asked(tmp_path, 'name,photos\nAda,"sub/a.jpg; s3://bucket/b.jpg"\n')
    assert isinstance(task, Task)
    assert task.photos == (str(tmp_path / "sub" / "a.jpg"), "s3://bucket/b.jpg")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",a.jpg,,,", "no name"),
        ("😀,a.jpg,,,", "no name"),
        ("Bob,,,,", "no photo"),
        ("Bob,a.jpg,nowhere,,", "no look called"),
        ("Bob,a.jpg,,purple,", "backdrop"),
        ("Bob,a.jpg,,,seven", "no number"),
        ("Bob,a.jpg,,,-1", "from 0"),
        ("Bob,a.jpg,,,nan", "whole number"),
        ("Bob,a.jpg;b;c;d;e;f;g,,,", "you chose 7"),
        ("Bob,a.jpg,,,1,beyond", "more cells"),
        ("ADA,good.jpg,cv,,7", "repeats row 1"),
    ],
)
def test_a_bad_row_is_refused_for_itself_and_the_others_go_on(row: str, said: str, tmp_path: Path) -> None:
    text = f"name,photos,look,backdrop,seed\nAda,good.jpg,cv,,7\n{row}\nCarl,c.jpg,,,\n"
    good, refused, last = asked(tmp_path, text)
    assert isinstance(good, Task) and isinstance(last, Task)
    assert isinstance(refused, Refusal)
    assert said in refused.reason and refused.number == 2


def test_two_people_of_one_name_are_two_people(tmp_path: Path) -> None:
    tasks = asked(tmp_path, "name,photos\nAda,a.jpg\nada,b.jpg\n")
    assert [task.folder for task in tasks if isinstance(task, Task)] == ["Ada", "ada-2"]


@pytest.mark.parametrize(("text", "column"), [("name,look\nA,cv\n", "photos"), ("who,photos\nA,a.jpg\n", "name")])
def test_a_table_without_names_or_photos_is_refused_as_a_whole(text: str, column: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"no column {column}"):
        asked(tmp_path, text)


def test_a_fingerprint_changes_with_all_that_the_files_depend_on_and_nothing_else(tmp_path: Path) -> None:
    def fingerprint(text: str, photo: bytes = b"photo", scheme: str = Scheme.text) -> str:
        (task,) = asked(tmp_path, text, scheme)
        assert isinstance(task, Task)
        return task.fingerprint([photo])

    usual = "name,photos,seed,note\nAda,a.jpg,7,x\n"
    same = [usual, usual.replace(",x", ",y"), usual.replace("a.jpg", "moved/a.jpg"), usual.replace(",7", ",7.0")]
    assert len({fingerprint(text) for text in same}) == 1
    others = [usual.replace(",7", ",8"), usual.replace("Ada", "Bob")]
    prints = {fingerprint(text) for text in (usual, *others)}
    prints |= {fingerprint(usual, b"another"), fingerprint(usual, scheme="{name}-{look}")}
    assert len(prints) == 5
