"""Resumable training runs: checkpoints of weights, optimiser, weight averages, random state and time used."""

import os
import random
import time
from pathlib import Path

import numpy as np
import torch

SAVE_INTERVAL = 60
"""Seconds between the checkpoints of a loop. More often, writing costs a GPU more than training."""


class Run:
    """A time-boxed, seeded training run. `progress` goes from 0 to 1 over `minutes`, across restarts.

    Seeds Python, torch and its own `rng` (numpy).
    """

    def __init__(self, path: Path, minutes: float, seed: int):
        self.path, self.minutes, self.step = path, minutes, 0
        self._spent, self._start, self._saved = 0.0, time.monotonic(), -float("inf")
        random.seed(seed)
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)

    @property
    def elapsed(self) -> float:
        """Seconds trained, before and after restarts."""
        return self._spent + time.monotonic() - self._start

    @property
    def progress(self) -> float:
        """Share of the time box used, 0 to 1 and beyond."""
        return self.elapsed / (60 * self.minutes)

    def learning_rate(self, peak: float, warm_up: int = 100, floor: float = 0.03) -> float:
        """Linear warm-up, then a cosine down to `floor` of the peak at the end of the time box."""
        cosine = 0.5 * (1 + np.cos(np.pi * min(1.0, self.progress)))
        return float(peak * min(1.0, (self.step + 1) / warm_up) * (floor + (1 - floor) * cosine))  # no numpy in state

    def save(
        self, modules: dict, optimiser: torch.optim.Optimizer, average: list[torch.Tensor], *, interval: float = 0
    ) -> None:
        """Write the checkpoint beside the old one and swap them, so that a kill leaves a complete file.

        Does nothing if the last one was written less than `interval` seconds ago.
        """
        elapsed = self.elapsed
        if elapsed < self._saved + interval:
            return
        self._saved = elapsed
        state = {
            "modules": {name: module.state_dict() for name, module in modules.items()},
            "optimiser": optimiser.state_dict(),
            "average": average,
            "torch_random": torch.get_rng_state(),
            "gpu_random": torch.cuda.get_rng_state_all(),
            "numpy_random": self.rng.bit_generator.state,
            "step": self.step,
            "elapsed": elapsed,
        }
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.path)

    def resume(self, modules: dict, optimiser: torch.optim.Optimizer, average: list[torch.Tensor]) -> bool:
        """Load the checkpoint into these objects, in place. Returns False if there is none."""
        if not self.path.exists():
            return False
        state = torch.load(self.path, weights_only=True)
        for name, module in modules.items():
            module.load_state_dict(state["modules"][name])
        optimiser.load_state_dict(state["optimiser"])
        for kept, saved in zip(average, state["average"], strict=True):
            kept.copy_(saved)
        torch.set_rng_state(state["torch_random"])
        torch.cuda.set_rng_state_all(state["gpu_random"])
        self.rng.bit_generator.state = state["numpy_random"]
        self.step, self._spent, self._start = state["step"], state["elapsed"], time.monotonic()
        return True
