"""Parts that the project is built from: no known fault, no unsafe code, every file hashed, every licence named."""

import json
import re
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from pipelines.paths import ROOT
from tools import audit, lock
from tools.audit import Skipped, faults, known_faults, unsafe_code

NOTICE = (ROOT / "NOTICE").read_text("utf-8")
SITE = Path(sysconfig.get_paths()["purelib"])
FREE = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|HPND|Zlib|Unlicense|0BSD)\b")
"""Licences that ask for nothing but their text."""
COPYLEFT = re.compile(r"\b(A?L?GPL|GNU|MPL|Mozilla|EUPL|Artistic)")
LIBRARIES = ("libx265", "libheif", "libde265", "libav", "libsw", "libQt5", "libgfortran", "libquadmath")
"""Beginnings of the names of libraries inside wheels that are under the GPL or LGPL, or by GCC."""
NAMES = {"libav": "libav*", "libsw": "libsw*", "libQt5": "Qt 5"}


@pytest.mark.slow
@pytest.mark.scorecard("R25")
def test_no_known_fault_is_in_what_is_installed() -> None:
    try:
        assert known_faults() == []
    except Skipped as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.scorecard("R25")
def test_no_unsafe_code_is_open() -> None:
    assert unsafe_code() == []


@pytest.mark.slow
@pytest.mark.scorecard("R25", cases=0)
def test_unsafe_code_is_found(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import subprocess\nsubprocess.run('ls ' + input(), shell=True)\n")
    (found,) = unsafe_code(str(tmp_path))
    assert "bad.py:2: B602" in found


@pytest.mark.scorecard("R25", cases=0)
def test_a_known_fault_is_told_with_its_cure_and_a_missing_database_is_no_clean_bill() -> None:
    fault = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    known = {"name": "thing", "version": "1.0", "vulns": [fault]}
    assert faults({"dependencies": [known]}) == ["thing 1.0: PYSEC-1, mended in 2.0"]
    with pytest.raises(Skipped, match="cannot be reached"):
        faults({"dependencies": [known, *({"name": name, "skip_reason": "unknown"} for name in "ab")]})


@pytest.mark.scorecard("R25")
def test_every_licence_that_asks_for_more_than_its_text_is_named() -> None:
    assert unnamed(NOTICE) == []


@pytest.mark.scorecard("R25", cases=0)
def test_a_licence_that_is_not_named_is_noticed() -> None:
    assert {"certifi", "libx265", "libde265", "insightface"} <= set(unnamed(""))


def unnamed(notice: str) -> list[str]:
    """Packages and libraries inside them that a notice should name and does not."""
    wanted = [name for name in map(str.lower, packages()) if asks_for_more(name)]
    wanted += [start for start in LIBRARIES if any(SITE.glob(f"*.libs/{start}*"))]
    return [name for name in wanted if NAMES.get(name, name) not in notice]


def packages() -> list[str]:
    return [line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]


def asks_for_more(package: str) -> bool:
    """True for a licence with terms of its own, and where a package does not say which it has."""
    try:
        about = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return False
    said = [about[name][:200] for name in ("License-Expression", "License") if name in about]
    said += [line for line in about.get_all("Classifier") or () if line.startswith("License")]
    text = " ".join(said)
    return bool(COPYLEFT.search(text)) or not FREE.search(text)


# Hashes


def test_every_pinned_version_has_its_hashes() -> None:
    text = lock.HASHES.read_text("utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))
    hashed = {lock.normal(name): version for name, version in pinned.items()}
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    wanted = dict(line.split("==") for line in lines if "==" in line)
    assert {name: hashed.get(lock.normal(name)) for name in wanted} == wanted
    known = lock.hashes(text)
    assert min(map(len, known.values())) >= 1 and len(known) == len(hashed)


def item(name: str, version: str, **told: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "version": version}, "download_info": told}


def test_a_file_that_the_lock_does_not_know_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, (good, *_) = "pillow", sorted(lock.hashes(lock.HASHES.read_text("utf-8"))["pillow"])
    report = tmp_path / "report.json"

    def check(*items: dict[str, Any]) -> int:
        report.write_text(json.dumps({"install": items}))
        return lock.main(["--check", str(report)])

    right = item(name, "12.3.0", archive_info={"hashes": {"sha256": good}})
    folder, own_build = item("headshot-studio", "1", dir_info={}), item("torch", "2.13.0+cpu", archive_info={})
    assert check(right, folder, own_build) == 0
    assert check(right, item(name, "12.3.0", archive_info={"hashes": {"sha256": "0" * 64}})) == 1
    assert check(item("unheard-of", "1", archive_info={"hashes": {"sha256": good}})) == 1
    assert "pillow 12.3.0: the file" in capsys.readouterr().err


def test_ci_compares_what_it_installed_and_asks_for_faults() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "PIP_REPORT=" in script and "python -m tools.lock --check" in script and "python -m tools.audit" in script
    assert audit.AUDITED[:2] == ("app.py", "pipelines")
