"""Files out of packages of the npm registry, read in memory and checked against the hash that their table names."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

PATIENCE = 300
"""Seconds that a package may take to come."""


class NoPackage(Exception):
    """A package that cannot be had here; its message says why."""


def read_files(package: str, integrity: str, names: Iterable[str]) -> dict[str, bytes]:
    """Read files of a package, given as NAME@VERSION, with the registry that this machine's npm is set to.

    The package is neither installed nor unpacked, and nothing of it is run. `integrity` is its tarball's hash as a
    lock file of npm has it, "sha512-" and base64; `names` are paths in the package.

    Raises:
        NoPackage: without npm, without a way to the registry, or where the tarball is not the one that is named.
    """
    tarball = _tarball(package)
    if integrity != "sha512-" + base64.b64encode(hashlib.sha512(tarball).digest()).decode():
        raise NoPackage(f"{package} is not the one that was looked at: its hash is another")
    with tarfile.open(fileobj=BytesIO(tarball)) as archive:
        return {name: _content(archive, f"package/{name}") for name in names}


def _tarball(package: str) -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        raise NoPackage("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", package, "--silent", "--ignore-scripts", "--pack-destination", folder]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
            return next(Path(folder).glob("*.tgz")).read_bytes()
        except (subprocess.SubprocessError, StopIteration) as error:
            raise NoPackage(f"npm does not get {package}") from error


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    with archive.extractfile(name) as file:  # type: ignore[union-attr] # a file, as its hash says
        return file.read()
