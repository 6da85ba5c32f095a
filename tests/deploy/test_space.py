"""A Space's folder, what it is checked for, and its way to a hub that refuses what the real one refuses."""

import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from huggingface_hub import _commit_api, constants, metadata_load
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines import cli
from pipelines.deploy.checks import check
from pipelines.deploy.folder import build, files
from pipelines.deploy.hub import PLAIN_LIMIT
from pipelines.deploy.requirements import pins
from pipelines.deploy.space import CONTENTS, HARDWARE
from pipelines.errors import UserError
from pipelines.paths import ROOT
from tests.support.simulated_spaces import TOKEN, SimulatedSpaces

SPACE = ["deploy", "space", "--to", "ann/headshots"]
LARGE = {f"models/builtin/{part}/diffusion_pytorch_model.safetensors" for part in ("unet", "vae")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Space's folder for the usual hardware; only to be read."""
    build(folder := tmp_path_factory.mktemp("space"), "cpu-basic")
    return folder


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoilt; its files are links until they are replaced."""
    shutil.copytree(folder, tmp_path / "copy", copy_function=lambda source, target: Path(target).symlink_to(source))
    return tmp_path / "copy"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedSpaces]:
    with SimulatedSpaces().running() as running:
        assert isinstance(running, SimulatedSpaces)
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # its storage speaks a protocol of its own
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield running


# The folder


def test_a_space_holds_what_the_app_needs_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    check(folder)
    there = files(folder)
    assert {"app.py", "packages.txt", "LICENSE", "NOTICE", "presets/cv.toml", "assets/fonts/LICENSE-inter.txt"} <= set(
        there
    )
    for name in there:
        assert not name.startswith(
            (".", "tests", "benchmarks", "training", "tools", "deploy", "pipelines/deploy", "pipelines/team")
        ), name
        assert "__pycache__" not in name and not name.endswith((".npz", ".pem", ".env"))
    assert {name for name, path in there.items() if path.stat().st_size > PLAIN_LIMIT} == LARGE


@pytest.mark.parametrize("hardware", HARDWARE)
def test_its_front_matter_and_packages_are_for_its_hardware(hardware: str, tmp_path: Path) -> None:
    build(tmp_path / "space", hardware)
    front = metadata_load(tmp_path / "space" / "README.md") or {}
    assert front["suggested_hardware"] == HARDWARE[hardware].hub and front["python_version"] == "3.12"
    assert {**front, **(metadata_load(ROOT / "README.md") or {})} == front
    lines = (tmp_path / "space" / "requirements.txt").read_text().splitlines()
    torch = [line for line in lines if line.startswith("torch")]
    assert torch == (["torch==2.13.0+cpu"] if hardware == "cpu-basic" else ["torch>=2.8,<2.12"])
    pinned = {canonicalize_name(Requirement(line).name) for line in lines if "==" in line}
    assert {"gradio", "uvicorn", "starlette", "tokenizers"} <= pinned and not pinned & {"pytest", "mypy", "openpeople"}
    text = (tmp_path / "space" / "README.md").read_text("utf-8")
    assert "CC BY-NC-SA" in text and "models/builtin | 12 | 100.3 MB" in text


def test_what_a_space_installs_beside_it_may_have_the_pinned_versions() -> None:
    """Gradio's extras, which a Space adds, allow every pin but those that are left to pip."""
    extras = [Requirement(line) for line in metadata.requires("gradio") or []]
    asked = [one for one in extras if one.marker and any(one.marker.evaluate({"extra": e}) for e in CONTENTS.extras)]
    refused = {
        name for one in asked if (name := canonicalize_name(one.name)) in pins() and pins()[name] not in one.specifier
    }
    assert refused and refused <= set(CONTENTS.not_pinned)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="holds something already"):
        build(tmp_path, "cpu-basic")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_from_an_installed_package_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.deploy.folder.ROOT", tmp_path)
    with pytest.raises(UserError, match=r"README\.md is missing in the project's folder"):
        build(tmp_path / "space", "cpu-basic")


# Its checks


def put(copy: Path, name: str, content: bytes | None) -> None:
    (copy / name).unlink(missing_ok=True)
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    if content is not None:
        (copy / name).write_bytes(content)


SPOILT = {
    "app.py": (b"x = 'hf_" + b"a" * 34 + b"'", "looks like a token of the model hub"),
    "LICENSE": (b"-----BEGIN RSA PRIVATE KEY-----\n" + b"A" * 64, "looks like a private key"),
    "NOTICE": (TOKEN.encode(), "holds your token"),
    ".env": (b"A=1", "has no place"),
    ".git/config": (b"", "has no place"),
    "benchmarks/likeness/held_out.npz": (b"", "has no place"),
    "models/mine/model.safetensors": (b"", "is not in the weight table"),
    "models/head_parser/model.onnx": (b"other", "is not the file that the weight table names"),
    "requirements.txt": (b"gradio==5.0.0\n", "for 5.0.0"),
    "packages.txt": (None, "is missing"),
}


def test_a_folder_that_is_not_as_it_should_be_is_not_sent(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for name, (content, _) in SPOILT.items():
        put(copy, name, content)
    with pytest.raises(UserError) as refused:
        check(copy)
    said = str(refused.value)
    for name, (_, sentence) in SPOILT.items():
        subject = "requirements.txt" if "5.0.0" in sentence else name
        assert [line for line in said.splitlines() if subject in line and sentence in line], name
    assert TOKEN not in said


# Its way to the hub


def test_a_dry_run_shows_it_and_sends_nothing(hub: SimulatedSpaces, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*SPACE, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "50.0 MB  large file" in said and "113." in said and "Nothing was sent" in said
    assert hub.log == []


def test_a_space_is_made_with_its_weights_in_one_piece_and_then_kept_the_same(
    hub: SimulatedSpaces, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*SPACE, "--folder", str(tmp_path / "mine")]) == 0
    space = hub.spaces["ann/headshots"]
    assert (space.created["sdk"], space.hardware, space.variables) == ("gradio", "cpu-basic", {})
    sent = {name: content for name, content in space.files.items() if name != ".gitattributes"}
    assert sent == {name: path.read_bytes() for name, path in files(folder).items()}
    assert space.large >= LARGE
    assert not [name for name in sent.keys() - space.large if len(sent[name]) > PLAIN_LIMIT]

    space.files["pipelines/old.py"] = b"old"
    assert cli.main([*SPACE, "--hardware", "zero-gpu"]) == 0
    assert (space.hardware, space.variables) == ("zero-a10g", {"HEADSHOT_ENGINE": "sdxl-lcm"})
    assert set(space.files) == {*sent, ".gitattributes"} and b"zero-a10g" in space.files["README.md"]
    written = capsys.readouterr()
    assert TOKEN not in written.out + written.err


def test_as_plain_files_the_hub_refuses_the_weights(
    hub: SimulatedSpaces, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The control: a client that does not ask how files are to be stored, as a push of the repo."""

    def all_plain(additions: list, **_: object) -> None:
        for addition in additions:
            addition._upload_mode, addition._should_ignore, addition._remote_oid = "regular", False, None

    monkeypatch.setattr(_commit_api, "_fetch_upload_modes", all_plain)
    assert cli.main(SPACE) == 2
    assert "refused the Space (error 400)" in capsys.readouterr().err
    assert set(hub.spaces["ann/headshots"].files) == {".gitattributes", "README.md"}


def test_another_space_of_that_name_is_not_touched(hub: SimulatedSpaces, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(SPACE) == 0
    space = hub.spaces["ann/headshots"]
    space.files = {"README.md": b"---\n---\n", "index.html": b"mine"}
    assert cli.main(SPACE) == 2
    assert "another Space already" in capsys.readouterr().err and "index.html" in space.files


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(402, "without a paid plan"), (403, "may not write to ann/headshots"), (500, "refused the Space (error 500)")],
)
def test_a_refusal_is_a_sentence_without_the_token(
    status: int, sentence: str, hub: SimulatedSpaces, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.fails = status
    assert cli.main(SPACE) == 2
    said = capsys.readouterr()
    assert sentence in said.err and TOKEN not in said.out + said.err


def test_without_a_token_nothing_is_sent(
    hub: SimulatedSpaces, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nowhere")
    assert cli.main(SPACE) == 2
    assert "hf auth login" in capsys.readouterr().err and not hub.spaces


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "deploy space --to OWNER/NAME"),
        (["space"], "deploy space --to OWNER/NAME"),
        (["moon", "--to", "a/b"], "deploy space --to OWNER/NAME"),
        (["space", "--to", "headshots"], "not of that form"),
        (["space", "--to", "a/b", "--hardware", "abacus"], "no hardware abacus"),
        (["space", "--to", "a/b", "--engine", "crayon"], "crayon"),
    ],
)
def test_a_wrong_command_is_a_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy", *words]) == 2
    assert sentence in capsys.readouterr().err
