"""Files as they are written: complete or not at all, for whom the umask allows, with a sentence where it fails."""

import errno
import os
import resource
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from PIL import Image

from pipelines.errors import UserError
from pipelines.provenance.save import PART, Trouble, read_recipe, save
from tests.support.recipes import PICTURE, RECIPE


def test_those_may_read_the_file_whom_the_umask_allows(saved, tmp_path):
    (tmp_path / "ordinary").touch()
    assert stat.S_IMODE(saved.stat().st_mode) == stat.S_IMODE((tmp_path / "ordinary").stat().st_mode)


def test_a_file_appears_complete_or_not_at_all(tmp_path):
    path, done, seen = tmp_path / "a.png", threading.Event(), []

    def watch():
        while not done.is_set():
            if path.exists():
                seen.append(read_recipe(path).seed)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for seed in range(20):
        save(PICTURE, path, replace(RECIPE, seed=seed))
    done.set()
    watcher.join()
    assert seen == sorted(seen) and seen
    assert os.listdir(tmp_path) == ["a.png"]


def test_when_writing_fails_the_old_file_stays_and_nothing_else(tmp_path):
    path = save(PICTURE, tmp_path / "a.png", RECIPE)
    before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # bytes: the write stops half-way
    try:
        with pytest.raises(UserError, match="^" + Trouble.NOT_WRITABLE):
            save(PICTURE, path, replace(RECIPE, seed=8))
        with pytest.raises(OSError):  # the control: half a file
            Image.fromarray(PICTURE).save(tmp_path / "plain.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert [name for name in os.listdir(tmp_path) if not name.startswith("plain")] == ["a.png"]


def test_a_killed_process_leaves_no_half_picture(tmp_path):
    script = (
        "import itertools, sys, numpy as np\n"
        "from tests.support.recipes import RECIPE\n"
        "from pipelines.provenance.save import save\n"
        "image = np.random.default_rng(0).integers(0, 255, (700, 700, 3), np.uint8)\n"
        "for k in itertools.count():\n"
        "    save(image, f'{sys.argv[1]}/{k}.jpg', RECIPE)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path])
    while not list(tmp_path.glob("*.jpg")):
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    process.kill()
    process.wait()
    assert all(read_recipe(path) == RECIPE for path in tmp_path.glob("*.jpg"))
    assert all(path.suffix in (".jpg", PART) for path in tmp_path.iterdir())


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="^" + Trouble.DISK_FULL):
        save(PICTURE, tmp_path / "a.png", RECIPE)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "a.png", "/proc/a.png"):
        with pytest.raises(UserError, match="^" + Trouble.NOT_WRITABLE):
            save(PICTURE, path, RECIPE)
    assert save(PICTURE, tmp_path / "new" / "folder" / "a.PNG", RECIPE).exists()


def test_only_formats_that_keep_the_mark_are_written(tmp_path):
    for name in ("a.webp", "a.gif", "a"):
        with pytest.raises(UserError, match="^" + Trouble.FORMAT):
            save(PICTURE, tmp_path / name, RECIPE)
