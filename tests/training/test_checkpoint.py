"""Training that is stopped and goes on."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from training.checkpoint import Run


def sitting(
    path: Path, until: int, monkeypatch: pytest.MonkeyPatch, start: float = 0
) -> tuple[list[torch.Tensor], float]:
    """Trains a tiny network up to step `until`, a second each; gives its weights, averages and last learning rate."""
    now = [start]
    monkeypatch.setattr("training.checkpoint.time", SimpleNamespace(monotonic=lambda: now[0]))
    run = Run(path, minutes=0.5, seed=3)
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(0.2), torch.nn.Linear(8, 4))
    optimiser = torch.optim.AdamW(module.parameters(), 0.1)
    average = [p.detach().clone() for p in module.parameters()]
    run.resume({"net": module}, optimiser, average)
    rate = 0.0
    while run.step < until:
        rate = run.learning_rate(0.1, warm_up=3)
        for group in optimiser.param_groups:
            group["lr"] = rate
        x = torch.from_numpy(run.rng.normal(size=(5, 4)).astype(np.float32)) + torch.randn(5, 4)
        optimiser.zero_grad()
        (module(x) - x).square().mean().backward()
        optimiser.step()
        run.step += 1
        now[0] += 1
        torch._foreach_lerp_(average, [p.detach() for p in module.parameters()], 0.3)
    run.save({"net": module}, optimiser, average)
    return [*(p.detach() for p in module.parameters()), *average], rate


def test_a_run_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight, rate = sitting(tmp_path / "straight.pt", 20, monkeypatch)
    sitting(tmp_path / "stopped.pt", 9, monkeypatch)
    torch.randn(7)  # whatever happens in between
    resumed, resumed_rate = sitting(tmp_path / "stopped.pt", 20, monkeypatch, start=1000)
    assert all(torch.equal(a, b) for a, b in zip(straight, resumed, strict=True))
    assert rate == resumed_rate > 0


def test_a_run_that_is_killed_while_saving_keeps_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting(tmp_path / "run.pt", 2, monkeypatch)
    (tmp_path / "run.part").write_bytes((tmp_path / "run.pt").read_bytes()[:100])
    sitting(tmp_path / "run.pt", 3, monkeypatch)
    assert torch.load(tmp_path / "run.pt", weights_only=True)["step"] == 3
