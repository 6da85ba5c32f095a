"""MobileStyleGAN in torch, read from the OpenVINO files of the package random-face. Neither package is imported.

    pip install --no-deps random-face==2021.7.21.1
    python -m training.stages.mobilestylegan --out run/synthesis.safetensors

Belousov 2021 (https://arxiv.org/abs/2104.04767), trained on FFHQ, weights Apache-2.0. Noise (512) -> style (512) ->
constant 4x4 -> 8 -> 16 -> 32 (`LowerLayers`) -> 64 ... 512 -> wavelets -> 1024
(`pipelines.engines.builtin.mobilestylegan.UpperLayers`).
Every modulation has a style input of its own, 23 in all, so that a picture may mix several styles.
"""

import argparse
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from pipelines.engines.builtin.mobilestylegan import STYLE_DIM, Modulation, UpBlock, UpperLayers

LOWER_SIDE = 32
"""Side of the features at which the network is cut in two."""


class Mapping(nn.Module):
    """Mapping network: normal noise -> style."""

    def __init__(self, depth: int = 8):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(STYLE_DIM, STYLE_DIM) for _ in range(depth))

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        """Map noise (B, 512) to styles (B, 512)."""
        x = noise * (noise.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2) * 2**0.5
        return x

    def mean(self) -> torch.Tensor:
        """Average 2,000 styles of a fixed seed: (1, 512)."""
        draws = np.random.default_rng(123).normal(size=(2000, STYLE_DIM)).astype(np.float32)
        return self(torch.from_numpy(draws).to(next(self.parameters()))).mean(0, keepdim=True)


class LowerLayers(nn.Module):
    """Lower layers: styles -> the 32x32 features that carry pose, shape and identity."""

    def __init__(self, channels: int = 512):
        super().__init__()
        self.constant = nn.Parameter(torch.zeros(1, channels, 4, 4))
        self.modulation = Modulation(channels)
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1)
        self.noise = nn.Parameter(torch.zeros(1, 1, 4, 4))
        self.blocks = nn.ModuleList(UpBlock(channels, channels, side) for side in (8, 16, LOWER_SIDE))

    @property
    def styles(self) -> int:
        """Number of style vectors the layers take."""
        return 1 + UpBlock.styles * len(self.blocks)

    def forward(self, styles: torch.Tensor) -> torch.Tensor:
        """Turn styles (B, 10, 512) into features (B, 512, 32, 32)."""
        x = self.modulation(self.constant.expand(len(styles), -1, -1, -1), styles[:, 0])
        x = F.leaky_relu(self.convolution(x) + self.noise, 0.2)
        for k, block in enumerate(self.blocks):
            x = block(x, styles[:, 1 + UpBlock.styles * k : 1 + UpBlock.styles * (k + 1)])
        return x


class Synthesis(nn.Module):
    """Frozen synthesis network: one style (B, 512), or one for each modulation (B, 23, 512) -> picture."""

    def __init__(self) -> None:
        super().__init__()
        self.lower, self.upper = LowerLayers(), UpperLayers()
        self.eval().requires_grad_(False)

    @property
    def styles(self) -> int:
        """Number of style vectors the network takes."""
        return self.lower.styles + self.upper.styles

    def forward(self, style: torch.Tensor) -> torch.Tensor:
        """Draw RGB (B, 3, 1024, 1024), about [-1, 1]."""
        lower, upper = self._split(style)
        return self.upper(self.lower(lower), upper)

    def features(self, style: torch.Tensor, side: int = LOWER_SIDE) -> torch.Tensor:
        """Return features at `side` pixels: (B, 512, 32, 32), (B, 512, 64, 64), (B, 256, 128, 128) and so on."""
        lower, upper = self._split(style)
        return self.upper.features(self.lower(lower), upper, blocks=(side // LOWER_SIDE).bit_length() - 1)

    def _split(self, style: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        each = style[:, None].expand(-1, self.styles, -1) if style.dim() == 2 else style
        return each[:, : self.lower.styles], each[:, self.lower.styles :]


def load_generator(path: Path) -> tuple[Mapping, Synthesis]:
    """Load what `main` wrote: mapping and synthesis network, both frozen."""
    saved, mapping, synthesis = load_file(path), Mapping().requires_grad_(False), Synthesis()
    for prefix, module in (("mapping.", mapping), ("synthesis.", synthesis)):
        module.load_state_dict({k.removeprefix(prefix): v for k, v in saved.items() if k.startswith(prefix)})
    return mapping, synthesis


def read_constants(model: Path) -> list[tuple[str, torch.Tensor]]:
    """Read names and values of the float32 constants of an OpenVINO model (.xml beside .bin), in file order."""
    data, found = model.with_suffix(".bin").read_bytes(), []
    for layer in ElementTree.parse(model).iter("layer"):  # noqa: S314 - a file of a pinned package
        at = layer.find("data")
        if layer.get("type") == "Const" and at is not None and at.get("element_type") == "f32":
            start, size = int(at.attrib["offset"]), int(at.attrib["size"])
            shape = [int(n) for n in at.attrib["shape"].split(",") if n.strip()]
            value = np.frombuffer(data, np.float32, size // 4, start).reshape(shape)
            found.append((layer.attrib["name"], torch.from_numpy(value.copy())))
    return found


def mapping_state(constants: list[tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Name the constants for `Mapping`: eight (512, 512) weights, each followed by its bias."""
    weights = [k for k, (_, value) in enumerate(constants) if value.shape == (STYLE_DIM, STYLE_DIM)]
    state = {}
    for n, k in enumerate(weights):
        state[f"layers.{n}.weight"], state[f"layers.{n}.bias"] = constants[k][1], constants[k + 1][1]
    return state


def synthesis_state(constants: list[tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Name the constants for `Synthesis`.

    Modulations and biases keep their names in the file. Before a convolution's bias stand, in this order, its depthwise
    weight (none in the first), its other weight and its noise. A modulation's bias may be followed by a scalar gain.
    """
    position, value = {name: k for k, (name, _) in enumerate(constants)}, [v for _, v in constants]
    state: dict[str, torch.Tensor] = {}

    def modulation(source: str, target: str) -> None:
        weight, bias = position[f"m.{source}.weight"], position[f"m.{source}.bias"]
        gain = value[bias + 1].flatten() if value[bias + 1].numel() == 1 else torch.ones(1)
        state[f"{target}.affine.weight"], state[f"{target}.affine.bias"] = (
            value[weight] * gain,
            value[bias].flatten() * gain,
        )

    def convolution(source: str, weight: str, bias: str, noise: str, depthwise: str | None = None) -> None:
        k = position[f"m.{source}.bias"]
        state[bias], state[noise], state[weight] = value[k].flatten(), value[k - 1], value[k - 2]
        if depthwise:
            state[depthwise] = value[k - 3].reshape(-1, 1, 3, 3)

    state["lower.constant"] = value[position["m.input.input"]]
    modulation("conv1.conv.modulation", "lower.modulation")
    convolution("conv1", "lower.convolution.weight", "lower.convolution.bias", "lower.noise")
    lower = len(LowerLayers().blocks)
    for layer in range(lower + len(UpperLayers().blocks)):
        block = f"lower.blocks.{layer}" if layer < lower else f"upper.blocks.{layer - lower}"
        modulation(f"layers.{layer}.up.modulation", f"{block}.modulation")
        for source, name in (("conv1", "first"), ("conv2", "second")):
            part = f"{block}.{name}"
            modulation(f"layers.{layer}.{source}.conv.modulation", f"{part}.modulation")
            weight, bias, depthwise = f"{part}.pointwise.weight", f"{part}.pointwise.bias", f"{part}.depthwise.weight"
            convolution(f"layers.{layer}.{source}", weight, bias, f"{part}.noise", depthwise)
    modulation(f"layers.{layer}.to_img.conv.modulation", "upper.out_modulation")
    state["upper.out.weight"] = value[position[f"m.layers.{layer}.to_img.conv.weight"]]
    state["upper.out.bias"] = value[position[f"m.layers.{layer}.to_img.bias"]].flatten()
    return state


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--random-face", type=Path, help="the folder that holds SynthesisNetwork.xml; default: installed"
    )
    parser.add_argument("--out", type=Path, required=True)
    return parser


def main() -> None:
    """Read both networks and write them into one file."""
    a = argument_parser().parse_args()
    folder = a.random_face
    if folder is None:
        package = find_spec("random_face")
        if package is None or package.origin is None:
            raise SystemExit("random-face is missing: pip install --no-deps random-face==2021.7.21.1")
        folder = Path(package.origin).parent / "data"
    mapping, synthesis = Mapping(), Synthesis()
    mapping.load_state_dict(mapping_state(read_constants(folder / "MappingNetwork.xml")))
    synthesis.load_state_dict(synthesis_state(read_constants(folder / "SynthesisNetwork.xml")))
    parts = {"mapping": mapping, "synthesis": synthesis}
    tensors = {f"{name}.{k}": v.contiguous() for name, part in parts.items() for k, v in part.state_dict().items()}
    a.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, a.out)


if __name__ == "__main__":
    main()
