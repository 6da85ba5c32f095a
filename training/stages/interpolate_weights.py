r"""Interpolation between the weights of a model before and after further training.

    python -m training.stages.interpolate_weights --before models/builtin --after run/unbiased --share 0.3 \
        --out run/interpolated

Fine-tuned weights lie in one valley with those they started from, and points between the two are models as well
(Wortsman et al. 2021, arXiv 2109.01903). A share below 1 keeps part of what a training gained and less of what it
overdid, such as patches that please a loss.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

PARTS = (
    "unet/diffusion_pytorch_model.safetensors", "ip_adapter/faceid.safetensors", "text_encoder/model.safetensors",
)  # fmt: skip
"""Files of models/builtin that training.stages.diffusion changes; the others must be the same in both models."""


def interpolate(
    before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Interpolate all tensors, `share` of the way (0..1) from `before` to `after`, in the format of `before`."""
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
    """Write the three files under `--out`."""
    a = argument_parser().parse_args()
    for part in PARTS:
        (a.out / part).parent.mkdir(parents=True, exist_ok=True)
        blend = interpolate(load_file(a.before / part), load_file(a.after / part), a.share)
        save_file(blend, a.out / part, metadata={"format": "pt"})


if __name__ == "__main__":
    main()
