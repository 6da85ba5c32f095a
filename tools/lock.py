"""Write constraints.txt, the version of every package that an installation brings: `python -m tools.lock`.

Run it after a change of requirements.txt or requirements-dev.txt. It installs both into a fresh environment and notes
what came. Packages for GPUs are not in it: they come with torch on machines that have one.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pipelines.paths import ROOT

HEAD = """\
# Every version that was tested together; `python -m tools.lock` writes this file.
# pip install -c constraints.txt -r requirements.txt
"""


def pins(frozen: str) -> list[str]:
    """Lines of `pip freeze` as constraints: no local versions ("2.13.0+cpu"), no editable installs, sorted."""
    found = (re.fullmatch(r"([\w.-]+)==([\w.]+)(\+\S+)?", line) for line in frozen.splitlines())
    return sorted((f"{pin[1]}=={pin[2]}" for pin in found if pin), key=str.lower)


def main() -> None:
    """Install into a fresh environment, and write down what came."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip"]
        subprocess.run([*pip, "install", "--quiet", "-r", "requirements-dev.txt"], cwd=ROOT, check=True)
        frozen = subprocess.run([*pip, "freeze", "--exclude-editable"], check=True, capture_output=True, text=True)
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(pins(frozen.stdout)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
