"""Allocator of this process, set so that memory which a run has used serves the next one."""

import ctypes
import sys

_M_ARENA_MAX = -8  # mallopt(3)


def share_one_arena() -> None:
    """Let all threads take memory from one arena, where the C library is glibc. Call it before threads begin.

    By default glibc gives threads arenas of their own, and what one of them has freed serves no other. Each run has a
    thread, so a server would grow from run to run: to 1.95 GB instead of 1.6 with the built-in engine, at the same
    speed (https://sourceware.org/glibc/wiki/MallocInternals).
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(_M_ARENA_MAX, 1)
