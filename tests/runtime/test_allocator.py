import subprocess
import sys

import pytest

THREADS = """
import ctypes, sys, threading
{first}
meet = threading.Barrier(8)
def work():
    kept = [bytes(1000) for _ in range(1000)]
    meet.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""


def arenas(first: str) -> int:
    """Number of arenas of a process in which eight threads were at work at once."""
    line = [sys.executable, "-c", THREADS.format(first=first)]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="arenas are glibc's")
def test_threads_share_one_arena() -> None:
    assert arenas("from pipelines.runtime.allocator import share_one_arena; share_one_arena()") == 1
    assert arenas("") > 1  # the control
