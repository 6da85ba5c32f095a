"""Work on one row: what stops it is a sentence, and nothing of anybody else's is written over."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.provenance.save import Trouble, is_marked
from pipelines.team.naming import Scheme
from pipelines.team.outcome import Outcome
from pipelines.team.places import LocalPlace, RemotePlace
from pipelines.team.row import work
from pipelines.team.table import read_table
from pipelines.team.tasks import Task, tasks_of
from tests.support.team_run import TintingStudio
from tests.team.conftest import tree

Made = Callable[..., Task]


@pytest.fixture
def task(people: Path, tmp_path: Path) -> Made:
    """Make a task of the first row, with other settings."""

    def make(photos: str = "1.png", name: str = "Ada", scheme: str = Scheme.text, **settings: object) -> Task:
        columns = {"name": name, "photos": photos, "seed": 100, "look": "cv", **settings}
        table = people.with_name("one.csv")
        table.write_text(",".join(columns) + "\n" + ",".join(f'"{cell}"' for cell in columns.values()))
        (found,) = tasks_of(read_table(table), {}, Scheme(text=scheme))
        assert isinstance(found, Task)
        return found

    return make


def done(task: Task, out: Path, replace: bool = False) -> Outcome:
    return work(task, LocalPlace(out), lambda: TintingStudio("builtin"), replace=replace)  # type: ignore[arg-type, return-value]


def test_a_row_becomes_a_folder_of_marked_pictures_under_the_schemes_names(task: Made, tmp_path: Path) -> None:
    assert done(task(scheme="{last}_{picture}", count=2), tmp_path).state == "made"
    assert sorted(tree(tmp_path)) == ["Ada/Ada_1.png", "Ada/Ada_2.png", "Ada/row.json"]
    assert is_marked(tmp_path / "Ada/Ada_1.png")
    assert done(task(name="Bob", scheme="{last}", count=1), tmp_path).state == "made"
    assert (tmp_path / "Bob/Bob.png").exists()


def test_no_picture_takes_the_place_of_one_that_is_named_later(task: Made, tmp_path: Path) -> None:
    done(task(name="Plain", count=4), tmp_path)
    done(task(name="Ada", count=4, scheme="headshot-{look}-{seed}"), tmp_path)
    own = {file.read_bytes() for file in (tmp_path / "Ada").glob("*.png")}
    assert own == {file.read_bytes() for file in (tmp_path / "Plain").glob("*.png")} and len(own) == 4

    class Ranked(TintingStudio):
        def headshots(self, request: Any, **given: Any) -> list[Any]:
            return super().headshots(request, **given)[::-1]

    made = work(
        task(name="Bob", count=4, seed=1, scheme="headshot-{look}-{picture}"),
        LocalPlace(tmp_path),
        lambda: Ranked("builtin"),  # type: ignore[arg-type, return-value]
    )
    assert made.state == "made" and len(list((tmp_path / "Bob").glob("*.png"))) == 4


def test_a_record_holds_no_path_no_photo_and_no_embedding(task: Made, people: Path, tmp_path: Path) -> None:
    done(task(count=1), tmp_path)
    record = json.loads((tmp_path / "Ada/row.json").read_text("utf-8"))
    assert record.keys() == {"format", "fingerprint", "pictures"} and len(record["fingerprint"]) == 64
    assert record["pictures"][0].keys() == {"file", "seed", "likeness", "usual", "verdict", "warnings"}
    assert str(people.parent) not in json.dumps(record)


def test_a_row_that_is_there_is_not_done_again(task: Made, tmp_path: Path) -> None:
    done(task(), tmp_path)
    before = tree(tmp_path)

    def nobody() -> TintingStudio:
        raise AssertionError("no studio is needed")

    assert work(task(), LocalPlace(tmp_path), nobody).state == "kept"  # type: ignore[arg-type]
    assert tree(tmp_path) == before


def test_other_settings_or_photos_are_made_again_only_on_request(task: Made, tmp_path: Path) -> None:
    done(task(), tmp_path)
    before = tree(tmp_path)
    for other in (task(look="actor"), task(photos="2.png")):
        refused = done(other, tmp_path)
        assert refused.state == "refused" and "Add --replace" in refused.reason
        assert tree(tmp_path) == before
    assert done(task(look="actor"), tmp_path, replace=True).state == "made"
    assert all("cv" not in name for name in tree(tmp_path))


def test_a_folder_of_somebody_elses_is_left_alone(task: Made, tmp_path: Path) -> None:
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "diary.txt").write_text("mine")
    refused = done(task(), tmp_path, replace=True)
    assert refused.state == "refused" and "something else" in refused.reason
    assert tree(tmp_path) == {"Ada/diary.txt": b"mine"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"photos": "nofile.png"}, "not there"),
        ({"photos": "1.png;nofile.png"}, "Photo 2: "),
        ({"photos": "people.csv"}, "photo"),
        ({"photos": "nowhere://x/y"}, "cannot be fetched"),
        ({"words": "a bug"}, "Something went wrong inside (KeyError at team_run.py"),
    ],
)
def test_what_stops_a_row_is_a_sentence_and_leaves_nothing(
    settings: dict[str, str], said: str, task: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = done(task(**settings), tmp_path)
    assert refused.state == "refused" and said in refused.reason and not refused.fatal
    assert not tree(tmp_path)
    assert "a bug" not in capsys.readouterr().err


def test_a_full_disk_stops_the_whole_run(task: Made, tmp_path: Path) -> None:
    class Full(TintingStudio):
        def headshots(self, request: object, **_: object) -> list[object]:
            from pipelines.errors import UserError

            raise UserError(Trouble.DISK_FULL)

    assert work(task(), LocalPlace(tmp_path), lambda: Full("builtin")).fatal  # type: ignore[arg-type, return-value]


def test_storage_behind_an_address_gets_the_same_files_the_record_last(task: Made, tmp_path: Path) -> None:
    local, remote = tmp_path / "local", tmp_path / "remote"
    done(task(), local)
    place = RemotePlace(f"file://{remote}")
    sent: list[str] = []
    write = place.write

    def noted(name: str, file: Path) -> None:
        sent.append(name)
        write(name, file)

    place.write = noted  # type: ignore[method-assign]
    for state in ("made", "kept"):
        assert work(task(), place, lambda: TintingStudio("builtin")).state == state  # type: ignore[arg-type, return-value]
    assert tree(remote) == tree(local)
    assert sent[-1] == "Ada/row.json" and len(sent) == 5
    assert work(task(look="actor"), place, lambda: TintingStudio("builtin"), replace=True).state == "made"  # type: ignore[arg-type, return-value]
    assert len(tree(remote)) == 5 and all("cv" not in name for name in tree(remote))
