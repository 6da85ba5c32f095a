"""Conversion of FaceID's adapters, which come as pickles: read once, as plain tensors only, and kept as safetensors."""

import pickle
from pathlib import Path

from pipelines.errors import UserError
from pipelines.weights import texts

SECTIONS = ("image_proj", "ip_adapter")
"""Sections of an adapter's file; they start the keys of the safetensors file."""


def convert(source: Path, target: Path) -> None:
    """Write the tensors of an adapter's pickle as safetensors, in the keys that `load_ip_adapter` reads."""
    import torch
    from safetensors.torch import save_file

    try:
        nested = torch.load(source, map_location="cpu", weights_only=True)
        # Copies: safetensors refuses tensors that share memory or lie in it with gaps.
        flat = {
            f"{section}.{key}": tensor.clone(memory_format=torch.contiguous_format)
            for section in SECTIONS
            for key, tensor in nested[section].items()
        }
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(texts.NO_ADAPTER.format(file=source.name)) from error
    unfinished = target.with_name(f"{target.name}.half")
    try:
        save_file(flat, unfinished, metadata={"format": "pt"})
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UserError(texts.NOT_WRITTEN.format(file=target.name)) from error
