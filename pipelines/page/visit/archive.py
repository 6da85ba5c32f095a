"""Archive of a visit's pictures: one zip file with every picture in every format and size."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from pipelines.page.visit.kept_runs import KeptRun


def write_archive(runs: Sequence[KeptRun], file: Path) -> Path:
    """Write every file of these runs, the newest run last, each run in a folder of its own; return the file.

    Pictures are compressed already, so they are only put together.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number, run in enumerate(reversed(runs), 1):
            for k, kept in enumerate(run.pictures, 1):
                files = [kept.picture.path, kept.other, *kept.picture.sizes.values()]
                for path in filter(None, files):
                    archive.write(path, f"run-{number}/{k:02d}-{path.name}")
    return file
