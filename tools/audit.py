"""Known faults of the packages that an installation brings, and unsafe code of our own: `python -m tools.audit`.

pip-audit asks the public database about every line of constraints.txt; where it cannot be reached, that part is skipped
and the reason printed. bandit reads the code that people run; what it finds above low must be named in `audit.toml`.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.paths import ROOT

AUDITED = ("app.py", "pipelines", "tools")
ACCEPTED = Path(__file__).with_suffix(".toml")
NO_DATABASE = "the database of known faults cannot be reached from here"
PATIENCE = 300  # seconds


class Skipped(Exception):
    """The message is why something could not be looked at."""


def known_faults() -> list[str]:
    """Ask for the known faults of all pinned versions. Raises Skipped where the database cannot be reached."""
    line = ["--requirement", "constraints.txt", "--no-deps", "--disable-pip", "--format", "json"]
    done = _run("pip_audit", *line, "--progress-spinner", "off")
    try:
        return faults(json.loads(done.stdout))
    except ValueError as error:
        raise Skipped(NO_DATABASE) from error


def faults(report: Mapping[str, Any]) -> list[str]:
    """List the faults in pip-audit's report. Raises Skipped if it could look up hardly any package."""
    packages = report["dependencies"]
    unknown = [package for package in packages if "skip_reason" in package]
    if 2 * len(unknown) > len(packages):
        raise Skipped(f"{NO_DATABASE} ({len(unknown)} of {len(packages)} packages unknown)")
    return [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]


def unsafe_code(*places: str) -> list[str]:
    """List what bandit finds above low in these files and folders, and accepted findings that it no longer has."""
    done = _run("bandit", "--quiet", "--recursive", "-ll", "--format", "json", *(places or AUDITED))
    found = {(one["test_id"], Path(one["filename"]).as_posix()): one for one in json.loads(done.stdout)["results"]}
    accepted = {(one["test"], one["file"]) for one in tomllib.loads(ACCEPTED.read_text("utf-8"))["accepted"]}
    open_ones = [
        f"{file}:{one['line_number']}: {test} {one['issue_text']}"
        for (test, file), one in found.items()
        if (test, file) not in accepted
    ]
    gone = accepted - found.keys() if not places else set()
    return open_ones + [f"{file}: {test} is accepted and not there" for test, file in gone]


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", module, *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)


def main() -> int:
    """Print what was found; the exit code is 1 if there is anything."""
    found = unsafe_code()
    try:
        found += known_faults()
    except Skipped as reason:
        print(f"pip-audit is skipped: {reason}.")
    for one in found:
        print(one, file=sys.stderr)
    print(f"{len(found)} open findings above low.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
