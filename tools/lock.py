"""Write the lock, the version and the hashes of every package that an installation brings: `python -m tools.lock`.

Run it after a change of a requirements file. It installs all of them into a fresh environment and notes what came in
constraints.txt, and the hashes of all files of those versions in requirements-hashes.txt, packages for GPUs included.

`python -m tools.lock --check REPORT` compares what pip has installed (`pip install --report REPORT`) with the hashes.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.paths import ROOT

HASHES = ROOT / "requirements-hashes.txt"
UV = "uv==0.13.9"
"""Package that knows the hashes of all files of a version; it is installed for that only."""
HEAD = """\
# Every version that was tested together; `python -m tools.lock` writes this file.
# pip install -c constraints.txt -r requirements.txt
"""
HEAD_OF_HASHES = """\
# Every file of every pinned version, by its hash; `python -m tools.lock` writes this file.
# pip install --require-hashes -r requirements-hashes.txt
"""
COMPILE = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
LOCAL = re.compile(r"\+\w+$")
"""End of a version that is somebody's own build, such as torch 2.13.0+cpu, which no public index lists."""


def pins(frozen: str) -> list[str]:
    """Lines of `pip freeze` as constraints: no local versions ("2.13.0+cpu"), no editable installs, sorted."""
    found = (re.fullmatch(r"([\w.-]+)==([\w.]+)(\+\S+)?", line) for line in frozen.splitlines())
    return sorted((f"{pin[1]}=={pin[2]}" for pin in found if pin), key=str.lower)


def hashes(lock: str) -> dict[str, set[str]]:
    """Read the sha256 of all files by package out of the text of requirements-hashes.txt."""
    found: dict[str, set[str]] = {}
    for entry in re.split(r"^(?=[A-Za-z])", lock, flags=re.MULTILINE):
        if pin := re.match(r"([\w.-]+)==", entry):
            found[normal(pin[1])] = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return found


def strangers(report: Mapping[str, Any], known: Mapping[str, set[str]]) -> list[str]:
    """List the packages of pip's installation report whose file is not among the known ones.

    Left out are folders, which have no hash, and local builds, which no index lists.
    """
    names = []
    for item in report["install"]:
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        archive = item["download_info"].get("archive_info")
        if archive is None or LOCAL.search(version):
            continue
        if archive.get("hashes", {}).get("sha256") not in known.get(normal(name), set()):
            names.append(f"{name} {version}")
    return names


def normal(name: str) -> str:
    """Name of a package as the index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def write() -> None:
    """Install into a fresh environment, and write down what came."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        binaries = Path(folder) / "bin"
        pip = [str(binaries / "python"), "-m", "pip"]
        subprocess.run([*pip, "install", "--quiet", "-r", "requirements-dev.txt"], cwd=ROOT, check=True)
        frozen = subprocess.run([*pip, "freeze", "--exclude-editable"], check=True, capture_output=True, text=True)
        (ROOT / "constraints.txt").write_text(HEAD + "\n".join(pins(frozen.stdout)) + "\n", "utf-8")
        subprocess.run([*pip, "install", "--quiet", UV], check=True)
        line = [str(binaries / "uv"), "pip", "compile", "requirements-dev.txt", "-c", "constraints.txt", *COMPILE]
        line += ["--no-emit-package", "headshot-studio"]
        compiled = subprocess.run(line, cwd=ROOT, check=True, capture_output=True, text=True)
    HASHES.write_text(HEAD_OF_HASHES + compiled.stdout, "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the lock, or compare an installation with it; the exit code is 1 if a file is not in it."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("--check", type=Path, metavar="REPORT", help="compare this installation report with the hashes")
    given = line.parse_args(arguments)
    if given.check is None:
        write()
        return 0
    unknown = strangers(json.loads(given.check.read_text("utf-8")), hashes(HASHES.read_text("utf-8")))
    for name in unknown:
        print(f"{name}: the file that was installed is not in requirements-hashes.txt.", file=sys.stderr)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
