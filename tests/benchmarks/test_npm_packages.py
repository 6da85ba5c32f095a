"""Files out of npm's packages come unchanged, or not at all."""

import base64
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.common.npm_packages import NoPackage, read_files

pytestmark = pytest.mark.slow


@pytest.fixture
def package(tmp_path: Path) -> Path:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path / "photos"
    (folder / "img").mkdir(parents=True)
    (folder / "img" / "face.jpg").write_bytes(b"a face")
    (folder / "package.json").write_text(json.dumps({"name": "photos", "version": "1.0.0"}))
    return folder


def integrity_of(package: Path, place: Path) -> str:
    subprocess.run(["npm", "pack", str(package), "--silent"], cwd=place, check=True, capture_output=True)
    return "sha512-" + base64.b64encode(hashlib.sha512((place / "photos-1.0.0.tgz").read_bytes()).digest()).decode()


def test_a_package_that_has_the_named_hash_is_read(package: Path, tmp_path: Path) -> None:
    integrity = integrity_of(package, tmp_path)
    assert read_files(str(package), integrity, ["img/face.jpg"]) == {"img/face.jpg": b"a face"}
    (package / "img" / "face.jpg").write_bytes(b"another face")
    with pytest.raises(NoPackage, match="its hash is another"):
        read_files(str(package), integrity, ["img/face.jpg"])


def test_without_npm_or_the_package_it_is_said_which_one_is_missing(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoPackage, match=r"npm does not get .*nothing-here"):
        read_files(str(tmp_path / "nothing-here"), "sha512-", [])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoPackage, match="npm is not installed"):
        read_files(str(package), "sha512-", [])
