"""The repo keeps its word: as a Hugging Face Space, as a README, as something to install."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import metadata_load

from pipelines.engine_table import ENGINES
from pipelines.faces.recognisers import RECOGNISERS
from pipelines.looks.fields import FIELDS
from pipelines.looks.preset import load_looks
from pipelines.paths import ROOT
from pipelines.settings import SETTINGS
from pipelines.weight_table import FACE_MODELS

README = (ROOT / "README.md").read_text("utf-8")
SPACE = metadata_load(ROOT / "README.md") or {}
EMPTY = ("__init__.py", ".gitkeep", "py.typed")
MACHINE = [re.escape(f"{folder}/") for folder in {ROOT, ROOT.parent, Path.home()} if folder != Path("/")]
HOMES = re.compile("|".join(MACHINE))


def requirements(name: str) -> dict[str, str]:
    """{package: version specifier} of a requirements or constraints file, without what it includes."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines()]
    found = [re.fullmatch(r"([\w-]+)(.*)", line) for line in lines if line and not line.startswith(("-r ", "-e "))]
    assert all(found), f"{name} has a line that is no package"
    return {match[1].lower(): match[2] for match in found if match}


def tracked() -> list[Path]:
    """The files a clone has."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout, so what belongs to the project cannot be told")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


# A Space


def test_a_space_runs_the_gradio_that_was_tested() -> None:
    assert SPACE["sdk"] == "gradio"
    assert f"=={SPACE['sdk_version']}" == requirements("requirements.txt")["gradio"]


def test_a_space_starts_the_app_with_a_python_that_diffusers_runs_on() -> None:
    assert SPACE["python_version"] == "3.12"  # a string: YAML reads 3.10 as 3.1
    assert (ROOT / SPACE["app_file"]).is_file()
    assert SPACE["app_file"] == "app.py"


def test_a_space_does_not_promise_free_use_of_the_weights() -> None:
    assert SPACE["license"] == "other"


def test_a_space_is_found_and_described() -> None:
    assert 0 < len(SPACE["short_description"]) <= 60  # the Hub refuses more
    assert SPACE["title"]
    assert len(SPACE["tags"]) >= 3
    assert all(isinstance(tag, str) for tag in SPACE["tags"])


def test_a_space_has_the_libraries_of_opencv() -> None:
    packages = (ROOT / "packages.txt").read_text("utf-8").split()
    assert {"libgl1", "libglib2.0-0"} <= set(packages)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", package) for package in packages), "apt's names only, no comments"


def test_a_space_may_bring_its_own_torch() -> None:
    assert requirements("requirements.txt")["torch"] == ">=2.8,<=2.13.0"


# Installing


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-commercial.txt", "requirements-metrics.txt"]
)
def test_everybody_installs_the_same_versions(name: str) -> None:
    loose = {
        package
        for package, version in requirements(name).items()
        if package != "torch" and not re.fullmatch(r"==\d[\w.]*", version)
    }
    assert not loose


def test_the_lock_agrees_with_the_requirements() -> None:
    """`python -m tools.lock` writes it; it holds what they bring, too."""
    locked = requirements("constraints.txt")
    asked = requirements("requirements.txt") | requirements("requirements-dev.txt")
    asked |= requirements("requirements-commercial.txt") | requirements("requirements-metrics.txt")
    versions = {name.lower().replace("_", "-"): version for name, version in locked.items()}
    asked.pop("torch")  # a range
    assert {name: versions.get(name.replace("_", "-")) for name in asked} == asked
    assert re.fullmatch(r"==[\d.]+", versions["torch"]) and len(locked) > 2 * len(asked)


@pytest.mark.slow
def test_the_installed_command_works_from_any_folder(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("headshots")), "--list-looks"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert all(look in listed for look in load_looks())


def test_packages_that_overwrite_each_other_are_not_installed_together() -> None:
    names = requirements("requirements.txt").keys() | requirements("requirements-dev.txt").keys()
    assert len(names & {"opencv-python", "opencv-python-headless", "opencv-contrib-python"}) == 1
    assert len(names & {"onnxruntime", "onnxruntime-gpu"}) == 1
    assert "torchvision" not in names


def test_whoever_tests_has_what_the_app_needs() -> None:
    included = (ROOT / "requirements-dev.txt").read_text("utf-8").splitlines()
    assert {"-r requirements.txt", "-r requirements-commercial.txt"} <= set(included)


def test_the_sentences_about_what_is_missing_name_the_versions_that_were_tested() -> None:
    wanted = requirements("requirements-commercial.txt")
    library = RECOGNISERS["dlib_resnet"].library
    assert library is not None and library[1] == f"dlib-bin{wanted['dlib-bin']}"
    assert f"=={FACE_MODELS['dlib_resnet'].origin.revision}" == wanted["face-recognition-models"]


# The README


@pytest.mark.parametrize(
    "command",
    [
        "pip install -c constraints.txt -r requirements.txt && python app.py",
        "pip install -c constraints.txt -r requirements-dev.txt && pytest -n 2",
    ],
)
def test_the_readme_has_the_two_commands_on_lines_of_their_own(command: str) -> None:
    assert command in README.splitlines()


def test_ci_runs_the_command_that_the_readme_tells_people_to_type() -> None:
    command = "pip install -c constraints.txt -r requirements-dev.txt && pytest -n 2"
    assert f"'{command}'" in (ROOT / ".ci/run").read_text("utf-8")


@pytest.mark.parametrize("look", load_looks())
def test_the_readme_names_every_look(look: str) -> None:
    assert f"`{look}`" in README


@pytest.mark.parametrize("name", ["look", *FIELDS, "words", "negative_words", *SETTINGS, "count", "engine"])
def test_the_readme_names_every_field_and_slider(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize("engine", ENGINES)
def test_the_readme_names_every_engine(engine: str) -> None:
    assert f"`{engine}`" in README


def test_the_readme_links_to_files_that_are_there() -> None:
    links = re.findall(r"\]\(([^)#\s]+)", README) + re.findall(r'(?:src|href)="([^"#]+)"', README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert not missing


# What is in the repo


def test_the_licence_and_the_third_parties_are_there() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert all(name in notice for name in ("MobileStyleGAN", "FFHQ", "InsightFace", "MediaPipe", "OpenPeople"))


def test_no_file_holds_a_path_of_the_machine_it_was_written_on() -> None:
    texts = {".py", ".toml", ".md", ".txt", ".json", ".yml", ".yaml", ".cfg", ".html", ".css", ".js", ""}
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked()
        if path.suffix in texts and (match := HOMES.search(path.read_text("utf-8", errors="replace")))
    }
    assert not found


def test_no_file_is_too_large_to_clone_in_comfort() -> None:
    large = [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > 60e6]
    assert not large


def test_no_file_is_an_empty_leftover() -> None:
    assert not [str(path) for path in tracked() if path.stat().st_size == 0 and path.name not in EMPTY]
