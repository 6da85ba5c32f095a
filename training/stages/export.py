r"""Export of the trained parts as models/builtin: diffusers' folder layout, safetensors, fp16.

python -m training.stages.export --checkpoint run/diffusion.pt --latents run/latents.pt --vae run/vae \
    --out models/builtin
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CLIPTextModel, PreTrainedTokenizerFast

from pipelines.engines.builtin.autoencoder import FaceAutoencoder
from pipelines.engines.builtin.pipeline import ReferenceUNet
from training.data.batches import ShotDataset
from training.model import LENGTH, WORDS, build, noise_schedule

MODEL_INDEX = {
    "_class_name": "BuiltinPipeline",
    "_diffusers_version": "0.42.1",
    "requires_safety_checker": False,
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "ModelMixin"],
}
"""`unet` and `vae` are ours (`pipelines.engines.builtin`) and are passed in ready-made."""


def tokenizer() -> PreTrainedTokenizerFast:
    """Build the tokenizer: whole words, split at white space. Unknown words are dropped by the prompt code before."""
    words = Tokenizer(models.WordLevel({word: k for k, word in enumerate(WORDS)}, unk_token="<pad>"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<pad>",  # noqa: S106
        model_max_length=LENGTH,
    )  # fmt: skip


def adapter_of(unet: ReferenceUNet, projector: torch.Tensor) -> dict[str, torch.Tensor]:
    """Take the FaceID adapter out of a UNet in h94's layout, with the embedding's projector (512, 512) folded in."""
    layer = unet.encoder_hid_proj.image_projection_layers[0]
    first, second = layer.ff.net[0].proj, layer.ff.net[2]
    tensors = {
        "image_proj.proj.0.weight": first.weight @ projector,
        "image_proj.proj.0.bias": first.bias,
        "image_proj.proj.2.weight": second.weight,
        "image_proj.proj.2.bias": second.bias,
        "image_proj.norm.weight": layer.norm.weight,
        "image_proj.norm.bias": layer.norm.bias,
    }
    crosses = [p for name, p in unet.attn_processors.items() if name.endswith("attn2.processor")]
    for k, processor in enumerate(crosses):
        tensors[f"ip_adapter.{2 * k + 1}.to_k_ip.weight"] = processor.to_k_ip[0].weight
        tensors[f"ip_adapter.{2 * k + 1}.to_v_ip.weight"] = processor.to_v_ip[0].weight
    return {name: t.detach().half().contiguous() for name, t in tensors.items()}


def export(
    unet: ReferenceUNet, text: CLIPTextModel, vae: FaceAutoencoder, scale: float, projector: torch.Tensor, out: Path
) -> None:
    """Write every part under `out`. `scale` multiplies the autoencoder's latents for the UNet."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "model_index.json").write_text(json.dumps(MODEL_INDEX, indent=2) + "\n")
    adapter = adapter_of(unet, projector)
    plain = ReferenceUNet.from_config({k: v for k, v in unet.config.items() if k != "encoder_hid_dim_type"})
    plain.load_state_dict(unet.state_dict(), strict=False)  # all but the adapter
    plain.half().save_pretrained(out / "unet")
    forget_origin(out / "unet" / "config.json")
    text.half().save_pretrained(out / "text_encoder")
    vae.register_to_config(scaling_factor=scale)
    vae.half().save_pretrained(out / "vae")
    forget_origin(out / "vae" / "config.json")
    (out / "ip_adapter").mkdir(exist_ok=True)
    save_file(adapter, out / "ip_adapter" / "faceid.safetensors")
    tokenizer().save_pretrained(out / "tokenizer")
    schedule = {k: v for k, v in noise_schedule().config.items() if not k.startswith("_")}
    # Trailing spacing ignores the offset, but diffusers' pipeline warns of any other than 1.
    DDIMScheduler.from_config(schedule, set_alpha_to_one=True, steps_offset=1).save_pretrained(out / "scheduler")


def forget_origin(config: Path) -> None:
    """Remove the folder a model was loaded from, which diffusers notes in its config."""
    kept = {key: value for key, value in json.loads(config.read_text()).items() if key != "_name_or_path"}
    config.write_text(json.dumps(kept, indent=2) + "\n")


def argument_parser() -> argparse.ArgumentParser:
    """The options of this stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("checkpoint", "vae", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--latents", type=Path, nargs="+", required=True, help="what the model was trained on")
    return parser


def main() -> None:
    """Export the weight averages of a checkpoint."""
    a = argument_parser().parse_args()
    people = ShotDataset(a.latents, np.random.default_rng())
    unet, text = build()
    average = torch.load(a.checkpoint, weights_only=True)["average"]
    with torch.no_grad():
        for parameter, value in zip([*unet.parameters(), *text.parameters()], average, strict=True):
            parameter.copy_(value)
    vae = FaceAutoencoder.from_pretrained(a.vae)
    export(unet, text, vae, people.scale, people.projector, a.out)


if __name__ == "__main__":
    main()
