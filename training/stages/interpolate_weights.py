r"""Puts a trained model some of the way between what it started from and what it became.

    python -m training.stages.interpolate_weights --before models/builtin --after run/levelled --share 0.3 \
        --out run/blended

Weights that were trained further lie in one valley with those they started from, and points between the two are models
as well (Wortsman et al. 2021, arXiv 2109.01903). The sixth release's training went too far with some words: asked for a
dark backdrop or a turned head, it painted white and blue patches that its judges liked. Three tenths of the way keep
the whole hair and shoulders, and none of the patches.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

PARTS = (
    "unet/diffusion_pytorch_model.safetensors", "ip_adapter/faceid.safetensors", "text_encoder/model.safetensors",
)  # fmt: skip
"""The files of models/builtin that training.stages.diffusion changes; the others are to be the same in both."""


def interpolate(
    before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """All tensors `share` of the way from one to the other, in the first one's format."""
    return {
        name: ((1 - share) * old.float() + share * after[name].float()).to(old.dtype) for name, old in before.items()
    }


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("before", "after", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.3)
    return parser


def main() -> None:
    """Writes the three files under `--out`."""
    a = argument_parser().parse_args()
    for part in PARTS:
        (a.out / part).parent.mkdir(parents=True, exist_ok=True)
        blend = interpolate(load_file(a.before / part), load_file(a.after / part), a.share)
        save_file(blend, a.out / part, metadata={"format": "pt"})


if __name__ == "__main__":
    main()
