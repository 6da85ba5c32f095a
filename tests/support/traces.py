"""Search a process's memory for what a run should have forgotten."""

import gc
from typing import Any

import torch

NOISE_SCHEDULE = {"betas", "alphas", "alphas_cumprod", "alpha_t", "sigma_t", "lambda_t", "sigmas", "timesteps"}
NOISE_SCHEDULE |= {"final_alpha_cumprod", "one", "init_noise_sigma"}


def in_memory(*secrets: torch.Tensor) -> list[bool]:
    """Tell whether another tensor, weights aside, holds the numbers of each secret in one of its rows, at any scale."""
    directions = [torch.nn.functional.normalize(secret.float().flatten(), dim=0) for secret in secrets]
    mine = {id(tensor) for tensor in (*secrets, *directions)}
    gc.collect()
    found = [False] * len(secrets)
    for thing in gc.get_objects():
        # isinstance would wake lazy proxies
        if not issubclass(type(thing), torch.Tensor) or type(thing) is torch.nn.Parameter or id(thing) in mine:
            continue
        if thing.is_meta or not thing.is_floating_point() or not thing.numel():
            continue
        for k, direction in enumerate(directions):
            if thing.numel() % direction.numel() == 0:
                rows = torch.nn.functional.normalize(thing.detach().float().reshape(-1, direction.numel()), dim=1)
                found[k] |= float((rows @ direction).abs().max()) > 0.999
    return found


def tensors_beside_weights(pipeline: Any) -> list[str]:
    """Places where a part of the pipeline holds a tensor that is neither a weight nor a buffer of it."""
    places = [f"pipeline.{key}" for key, value in vars(pipeline).items() if _holds_tensor(value)]
    for part, module in pipeline.components.items():
        holders = module.named_modules() if isinstance(module, torch.nn.Module) else [("", module)]
        places += [
            f"{part}.{name}.{key}"
            for name, holder in holders
            for key, value in getattr(holder, "__dict__", {}).items()
            if key not in NOISE_SCHEDULE and _holds_tensor(value)
        ]
    return places


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_tensor(one) for one in value)
    return isinstance(value, torch.Tensor)
