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


PIECES = """
import os
from pipelines.runtime.allocator import give_back
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
pieces = [b"1" * 100_000 for _ in range(2000)]
full = resident()
last = pieces[-1]  # behind all the others
del pieces
kept = resident()
give_back()
print(full - kept, full - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is glibc's")
def test_freed_memory_goes_back_to_the_system_though_it_lies_before_what_is_in_use() -> None:
    done = subprocess.run([sys.executable, "-c", PIECES], capture_output=True, text=True, check=True)
    by_itself, given_back = map(int, done.stdout.split())
    assert given_back > 150_000_000 > 50_000_000 > by_itself
