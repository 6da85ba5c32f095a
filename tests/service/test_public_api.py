"""The four public endpoints, used as a script uses them, on a real server process."""

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from pipelines.looks.fields import FIELDS, FIRST_FIELDS, LATER_FIELDS
from pipelines.looks.preset import load_looks
from pipelines.provenance.save import read_recipe
from pipelines.settings import SETTINGS
from tests.support.server import Server, group_photo, selfie

pytestmark = [pytest.mark.service, pytest.mark.slow]

QUICK = {"consent": True, "steps": 4, "api_name": "/headshot"}
LATER_SETTINGS = [name for name, setting in SETTINGS.items() if setting.of_second_pass]
ARGUMENTS = ["photos", "look", *FIRST_FIELDS, "words", "negative_words"]
ARGUMENTS += [name for name in SETTINGS if name not in LATER_SETTINGS]
ARGUMENTS += ["count", "faces", "consent", "engine", "format", "sizes", *LATER_FIELDS, *LATER_SETTINGS]


def photo(person: int) -> list:
    return [handle_file(selfie(person))]


def digests(report: dict) -> list[str]:
    """Contents of the files of a run, by seed."""
    pictures = sorted(report["pictures"], key=lambda picture: picture["seed"])
    return [hashlib.sha256(Path(picture["file"]).read_bytes()).hexdigest() for picture in pictures]


def test_the_endpoints_and_their_arguments_are_those_of_the_contract(client: Client) -> None:
    api = client.view_api(return_format="dict", print_info=False)
    names = {name: [p["parameter_name"] for p in api["named_endpoints"][name]["parameters"]]
             for name in api["named_endpoints"]}  # fmt: skip
    assert names == {
        "/headshot": ARGUMENTS,
        "/check_photos": ["photos", "faces", "consent"],
        "/looks": [],
        "/recipe": ["picture"],
    }
    assert api["unnamed_endpoints"] == {}


def test_two_headshots_with_likeness_seed_and_mark(client: Client) -> None:
    job = client.submit(photo(6), count=2, seed=5, sizes=["linkedin"], look="editorial", **QUICK)
    reports = list(job)
    done = [report["done"] for report in reports]
    assert done == sorted(done) and done[-1] == 1.0
    assert {"drawing", "done"} <= {report["stage"] for report in reports}

    pictures = reports[-1]["pictures"]
    assert sorted(picture["seed"] for picture in pictures) == [5, 6]
    assert [p["likeness"] for p in pictures] == sorted((p["likeness"] for p in pictures), reverse=True)
    for picture in pictures:
        assert picture["verdict"] and picture["usual"][0] < picture["usual"][1]
        for file in (picture["file"], picture["sizes"]["linkedin"]):
            content = Path(file).read_bytes()
            assert b"trainedAlgorithmicMedia" in content
            assert read_recipe(content).seed == picture["seed"]


@pytest.mark.scorecard("R19")
def test_a_recipe_makes_the_same_picture_again(client: Client) -> None:
    first = client.predict(photo(9), count=1, look="outdoor", words="looking left, big smile", **QUICK)
    recipe = client.predict(handle_file(first["pictures"][0]["file"]), api_name="/recipe")
    again = {name: recipe[name] for name in ("look", "words", "negative_words", "engine", *FIELDS, *SETTINGS)}
    second = client.predict(photo(9), count=1, consent=True, api_name="/headshot", **again)
    assert digests(first) == digests(second)


def test_ignored_words_are_named_after_the_run(client: Client) -> None:
    made = client.predict(photo(6), count=1, words="with a parrot", **QUICK)
    assert any("parrot" in warning for warning in made["pictures"][0]["warnings"])


def test_photos_are_checked_one_by_one(client: Client, tmp_path: Path) -> None:
    files = [handle_file(selfie(6)), handle_file(group_photo(tmp_path))]
    alone, group = client.predict(files, consent=True, api_name="/check_photos")
    assert (alone["faces"], alone["usable"], alone["error"]) == (1, True, None)
    assert group["faces"] == 2 and not group["usable"] and "2 faces" in group["error"]

    _, chosen = client.predict(files, faces=[0, 1], consent=True, api_name="/check_photos")
    assert chosen["error"] is None and chosen["weight"] is not None


def test_looks_lists_everything_there_is_to_choose(client: Client) -> None:
    offered = client.predict(api_name="/looks")
    assert [look["id"] for look in offered["looks"]] == list(load_looks())
    assert offered["fields"] == {field: list(choices) for field, choices in FIELDS.items()}
    for engine in offered["engines"]:
        assert ("non-commercial" in engine["licence"].lower()) == (engine["commercial_use"] == "no")


@pytest.mark.scorecard("R17")
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"consent": False}, "permission"),
        ({"consent": "yes"}, "permission"),
        ({"look": "<b>pirate</b>"}, "There is no look"),
        ({"backdrop": "moon"}, "There is no backdrop"),
        ({"steps": 10**9}, "Steps must be"),
        ({"guidance_scale": "much"}, "Guidance scale must be"),
        ({"count": -1}, "number of pictures must be"),
        ({"seed": 1.5}, "seed must be"),
        ({"words": "x" * 100_000}, "characters long"),
        ({"engine": "midjourney"}, "no engine called"),
        ({"engine": "sd15", "words": "as a 12 year old"}, "headshots of adults only"),
        ({"faces": "all"}, "faces must be a list"),
        ({"sizes": ["poster"]}, "no such size"),
        ({"format": "gif"}, "format must be"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(client: Client, given: dict, sentence: str) -> None:
    with pytest.raises(AppError, match=sentence) as refused:
        client.predict(photo(6), **{**QUICK, **given})
    assert "<b>" not in str(refused.value) and "Traceback" not in str(refused.value)


@pytest.mark.scorecard("R17", cases=5)
def test_no_photo_no_face_and_too_many_photos_are_refused(client: Client, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (400, 400), "green").save(tmp_path / "wall.png")
    (tmp_path / "notes.jpg").write_text("not a picture")
    for photos, sentence in (
        ([], "1 to 6"),
        (photo(6) * 7, "1 to 6"),
        ([handle_file(tmp_path / "wall.png")], "face"),
        ([handle_file(tmp_path / "notes.jpg")], "not a JPEG"),
        ("selfie.jpg", "list"),
    ):
        with pytest.raises(AppError, match=sentence):
            client.predict(photos, **QUICK)


@pytest.mark.scorecard("R5", cases=2)
def test_two_people_at_once_get_what_each_gets_alone(connect: Callable[[], Client]) -> None:
    def ask(person: int) -> list[str]:
        return digests(connect().predict(photo(person), count=1, seed=3, **QUICK))

    people = (5, 9)
    alone = [ask(person) for person in people]
    with ThreadPoolExecutor(2) as both:
        together = list(both.map(ask, people))
    assert together == alone
    assert alone[0] != alone[1]


@pytest.mark.scorecard("R8")
def test_cancelling_frees_the_engine_and_changes_nothing_for_the_next(connect: Callable[[], Client]) -> None:
    first, second = connect(), connect()
    expected = digests(first.predict(photo(6), count=1, seed=11, **QUICK))
    job = first.submit(photo(5), count=8, seed=1, consent=True, steps=60, api_name="/headshot")
    while not any(report.get("stage") == "drawing" for report in job.outputs()):
        time.sleep(0.05)
    assert job.cancel()
    began = time.monotonic()
    assert digests(second.predict(photo(6), count=1, seed=11, **QUICK)) == expected
    assert time.monotonic() - began < 15  # eight pictures of sixty steps would take minutes


@pytest.mark.scorecard("R9")
def test_uploads_go_when_read_and_pictures_when_the_client_leaves(
    server: Server, connect: Callable[[], Client]
) -> None:
    client = connect()
    client.predict(photo(7), count=1, **QUICK)
    assert any(file.suffix == ".png" for file in server.files())
    client.close()
    until = time.monotonic() + 60  # Gradio listens for a heartbeat; on a busy machine it takes its time
    while (left := [file for file in server.files() if file.suffix in (".jpg", ".png")]) and time.monotonic() < until:
        time.sleep(0.2)
    assert left == []


@pytest.mark.scorecard("R22", cases=0)
def test_the_log_says_nothing_about_anybody(server: Server, client: Client) -> None:
    made = client.predict([handle_file(selfie(8))], count=1, words="a secret parrot", **QUICK)
    assert made["pictures"]
    with pytest.raises(AppError):
        client.predict([handle_file(selfie(8))], look="secret look", **QUICK)
    log = "".join(server.log)
    assert not any(word in log for word in ("secret", "parrot", "amateur", "Traceback", str(server.folder)))
