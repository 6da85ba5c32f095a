import subprocess
import sys
import threading
import time

import pytest

from pipelines.page.run_thread import BEAT, RunThread
from pipelines.progress import Progress


def report(picture: int) -> Progress:
    return Progress(stage="drawing", done=picture / 3, picture=picture, count=3)


def test_every_report_comes_in_order_and_then_the_result() -> None:
    def work(tell, cancel):
        for picture in (1, 2, 3):
            tell(report(picture))
            time.sleep(BEAT / 2)
        return "pictures"

    with RunThread(work) as run:
        news = [progress.picture for some in run.news() for progress in some]
        assert (news, run.result()) == ([1, 2, 3], "pictures")


@pytest.mark.scorecard("R9", cases=0)
def test_closing_the_watching_generator_cancels_the_run() -> None:
    stopped = threading.Event()

    def work(tell, cancel):
        assert cancel.wait(5)
        stopped.set()

    def watch():
        with RunThread(work) as run:
            yield from run.news()

    watching = watch()
    assert next(watching) == []  # a beat without news, so that there is a moment to close it
    watching.close()
    assert stopped.wait(5)


def test_an_error_of_the_run_is_raised_where_it_is_watched() -> None:
    def work(tell, cancel):
        raise KeyError("broken")

    with RunThread(work) as run, pytest.raises(KeyError, match="broken"):
        for _ in run.news():
            pass
        run.result()


RUN = """
import os, sys, tempfile
from pipelines.page import runs
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.sessions import Sessions
from pipelines.runtime.allocator import share_one_arena
share_one_arena()
if sys.argv[1] == "kept":
    runs.give_back = lambda: None
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
last = []
def work(tell, cancel):
    pieces = [b"1" * 100_000 for _ in range(3000)]
    last.append(pieces[-1])  # behind all the others
with PrivateFolder(tempfile.mkdtemp()) as folder:
    before = resident()
    with runs.running(Sessions(folder), "ann", work, "builtin") as run:
        run.result()
    print(resident() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps freed memory in pieces")
def test_memory_that_a_run_used_goes_back_to_the_system() -> None:
    def grown(how: str) -> int:
        line = [sys.executable, "-c", RUN, how]
        return int(subprocess.run(line, capture_output=True, text=True, check=True).stdout)

    assert grown("given back") < 50
    assert grown("kept") > 200
