"""Memory after an error: nothing of the person stays."""

import gc
import weakref
from collections.abc import Callable

import pytest
import torch

from pipelines.errors import UserError
from pipelines.runtime.memory import OutOfMemory, clear_frames_on_error

pytestmark = pytest.mark.slow


class Face:
    """Something that must not stay."""


class Run:
    def __init__(self, fail: Callable[[], object]):
        self.fail = fail
        self.seen: list[weakref.ref[Face]] = []

    @clear_frames_on_error(advice=lambda self: "Ask for less.")
    def __call__(self) -> str:
        face = Face()
        self.seen.append(weakref.ref(face))
        self.draw(face)
        return "a picture"

    def draw(self, face: Face) -> None:
        latents = face
        try:
            self.fail()
        except LookupError as error:
            raise RuntimeError("another error", [latents is face]) from error


def raising(error: BaseException) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [UserError("a sentence"), ValueError(), LookupError(), KeyboardInterrupt()], ids=repr)
def test_an_error_that_is_kept_does_not_keep_the_face(error: BaseException):
    run = Run(raising(error))
    with pytest.raises(BaseException) as kept:
        run()
    gc.collect()
    assert kept.value is error or kept.value.__cause__ is error
    assert [face() for face in run.seen] == [None]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:128] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.05 GB, other allocations: 1.2 GB)"),
        RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for requested buffer"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_running_out_of_memory_is_a_sentence_and_keeps_nothing(error: BaseException):
    run = Run(raising(error))
    with pytest.raises(OutOfMemory) as kept:
        run()
    assert str(kept.value) == "There was not enough memory for this. Ask for less."
    assert kept.value.__context__ is None and kept.value.__cause__ is None
    gc.collect()
    assert [face() for face in run.seen] == [None]


def test_really_too_large_a_tensor_is_a_sentence():
    with pytest.raises(OutOfMemory):
        Run(lambda: torch.empty(2**60))()


def test_a_sentence_about_memory_stays_that_sentence():
    with pytest.raises(UserError, match="out of memory cards"):
        Run(raising(UserError("The shop is out of memory cards.")))()


def test_a_run_that_ends_well_is_left_alone():
    assert Run(lambda: None)() == "a picture"
