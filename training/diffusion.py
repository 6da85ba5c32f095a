"""Trains the diffusion model: "this person, another shot, as the words say", in the autoencoder's 8x8 latents.

python -m training.diffusion --latents latents.pt --vae models/builtin/vae --rgb rgb128.safetensors \
    --arcface w600k_mbf.onnx --minutes 100 --out run/diffusion.pt [--start diffusion.safetensors]

Target: a stored face. Conditions: a second shot of the same person (its latents beside the noisy ones, faded at random
as the structure slider fades them, or left out), its ArcFace embedding as FaceID tokens, words for the target's
measures. Each is dropped at random, so that guidance works and each control has a meaning of its own.

Two things make the embedding work on people unlike the training faces. The direction that all training embeddings
share (cosine 0.30 to their mean) is projected out, and the embedding is blurred with noise of random size: what is
left is what carries identity, and the model learns how far to trust it. And for some samples without a reference the
predicted picture goes through the synthesis network and ArcFace, whose embedding shall be the one that was asked for,
noise included: so the model is also taught to obey embeddings that no training face has.

The same is done with a reference, whose own embedding is then asked for. Two shots of one person have a cosine of .68
only, and a model that is merely taught to go from one to the other keeps no more of a person than that.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import load_file

from pipelines.autoencoder import FaceAutoencoder
from pipelines.synthesis import RGBHead
from training.arcface import ArcFace
from training.attributes import words_for
from training.checkpoint import Run
from training.model import build, noise_schedule, set_identity_scale, token_ids

HELD_OUT = 64
"""The first people of the data are never trained on."""
SAME_PERSON = 0.4
"""Pairs whose two embeddings have a lower cosine are left out."""


class Likeness(nn.Module):
    """Latents -> ArcFace embedding of the 256 px picture they stand for. Frozen, differentiable."""

    def __init__(self, vae: FaceAutoencoder, head: RGBHead, arcface: ArcFace, device: torch.device):
        super().__init__()
        self.vae, self.head, self.arcface = vae, head, arcface
        self.requires_grad_(False).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

        def picture(latents: torch.Tensor) -> torch.Tensor:
            features, style = self.vae.features(latents.contiguous(memory_format=torch.channels_last))
            return self.head(self.vae.synthesis.features(features, style, blocks=2), style)

        self.picture = torch.compile(picture)

    def forward(self, latents: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
        """Latents (B, 64, 8, 8) not scaled, landmarks (B, 5, 2) pixels of the 256 px picture -> (B, 512) unit."""
        return self.arcface.embed(
            self.picture(latents).float().contiguous(memory_format=torch.channels_last), landmarks
        )


def without_shared_direction(embeddings: torch.Tensor) -> torch.Tensor:
    """The (512, 512) projector that removes the mean direction of embeddings (n, 512)."""
    shared = F.normalize(embeddings.mean(0), dim=0)
    return torch.eye(len(shared)) - torch.outer(shared, shared)


def blurred(embeddings: torch.Tensor, largest: float) -> torch.Tensor:
    """Unit embeddings (B, 512) plus noise of a random length, 0 to `largest` times theirs, made unit again."""
    size = torch.rand(len(embeddings), 1, device=embeddings.device) ** 1.5 * largest
    noise = F.normalize(torch.randn_like(embeddings), dim=1)
    return F.normalize(embeddings + size * noise, dim=1)


def main() -> None:
    """Trains within the time box; resumes when the checkpoint exists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("latents", "vae", "rgb", "arcface", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to start from, of an earlier run")
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--through-gan", type=int, default=6, help="samples of each batch that go through ArcFace")
    parser.add_argument("--identity-weight", type=float, default=0.25, help="of 1 - cosine for those samples")
    parser.add_argument("--blur", type=float, default=1.3, help="largest noise on an embedding, in its own length")
    parser.add_argument("--without-reference", type=float, default=0.4, help="share of samples that see no reference")
    a = parser.parse_args()
    run, device = Run(a.out, a.minutes, a.seed), torch.device("cuda" if torch.cuda.is_available() else "cpu")

    data = torch.load(a.latents, weights_only=True)
    vae, head = FaceAutoencoder.from_pretrained(a.vae), RGBHead(256, 64)
    head.load_state_dict(load_file(a.rgb))
    likeness = Likeness(vae.float(), head, ArcFace(a.arcface), device)
    projector = without_shared_direction(data["embedding"][HELD_OUT:])
    said = [words_for(row) for row in data["measures"].numpy()]
    index, landmarks = data["shot_index"], data["landmarks"]
    same = (data["shot_embedding"] * data["embedding"][index]).sum(1) > SAME_PERSON
    usable = torch.nonzero(same & (index >= HELD_OUT))[:, 0]

    unet, text = build()
    scale = 1 / data["latents"].std().item()
    if a.start:
        saved = {k: v.float() for k, v in load_file(a.start).items()}
        unet.load_state_dict({k[5:]: v for k, v in saved.items() if k.startswith("unet.")})
        text.load_state_dict({k[5:]: v for k, v in saved.items() if k.startswith("text.")})
    modules = {"unet": unet.to(device, memory_format=torch.channels_last), "text": text.to(device)}
    parameters = [*unet.parameters(), *text.parameters()]
    optimiser = torch.optim.AdamW(parameters, a.lr, betas=(0.9, 0.98), weight_decay=0.01)
    average = [p.detach().clone() for p in parameters]
    print("resumed" if run.resume(modules, optimiser, average) else "started", f"{len(usable)} pairs", flush=True)
    unet.train(), text.train()
    schedule, n, log = noise_schedule(), a.batch, []

    while run.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = run.learning_rate(a.lr)
        shot = usable[run.rng.integers(0, len(usable), n)]
        person = index[shot]
        target = data["latents"][person] * scale
        source = data["shot_latents"][shot] * scale
        source = source + 0.4 * torch.rand(n, 1, 1, 1) ** 2 * torch.randn_like(source)

        guided = torch.arange(n) < a.through_gan  # ArcFace sees what becomes of these
        referenced = torch.arange(n) < a.through_gan // 2  # and these have the shot they shall look like beside them
        own = (torch.rand(n, 1) < 0.3) & ~referenced[:, None]
        identity = torch.where(own, data["embedding"][person], data["shot_embedding"][shot])
        identity = F.normalize(identity @ projector, dim=1)
        identity = torch.where(referenced[:, None], identity, blurred(identity, a.blur))
        spoken = torch.tensor([token_ids([w for w in said[p] if run.rng.random() < 0.75]) for p in person.tolist()])
        nothing, dropped = torch.rand(n) < 0.07, torch.rand(n, 3)
        no_words = (dropped[:, 0] < 0.08) | nothing
        no_identity = ((dropped[:, 1] < 0.08) | nothing) & ~guided
        no_source = ((dropped[:, 2] < a.without_reference) | nothing | guided) & ~referenced
        spoken[no_words] = torch.tensor(token_ids([]))
        identity = identity * ~no_identity[:, None]
        fade = torch.where((torch.rand(n) < 0.5) | referenced, torch.ones(n), torch.rand(n))  # the structure slider
        source = source * (fade * ~no_source)[:, None, None, None]
        adapter_on = run.rng.random() >= 0.06
        set_identity_scale(unet, float(adapter_on))

        t, noise = torch.randint(0, schedule.config.num_train_timesteps, (n,)), torch.randn_like(target)
        noisy, velocity = schedule.add_noise(target, noise, t), schedule.get_velocity(target, noise, t)
        put = lambda x: x.to(device)  # noqa: E731
        with torch.autocast(device.type, torch.bfloat16):
            context = text(put(spoken)).last_hidden_state
            unet.reference = put(source)
            sample = put(noisy).contiguous(memory_format=torch.channels_last)
            out = unet(sample, put(t), context, added_cond_kwargs={"image_embeds": [put(identity)[:, None]]}).sample
        out = out.float()
        loss, cosine = F.mse_loss(out, put(velocity)), torch.zeros(())
        if adapter_on and a.through_gan:
            g = slice(0, a.through_gan)
            alpha = put(schedule.alphas_cumprod[t[g]])[:, None, None, None]
            clean = alpha.sqrt() * put(noisy[g]) - (1 - alpha).sqrt() * out[g]
            share = alpha[:, :, 0, 0, None].sqrt()  # in pure noise nobody knows where the face will look
            where = share * put(landmarks[person[g]]) + (1 - share) * put(landmarks.mean(0))
            with torch.autocast(device.type, torch.bfloat16):
                seen = likeness(clean / scale, where)
            cosine = F.cosine_similarity(seen @ put(projector), put(identity[g]))
            loss = loss + a.identity_weight * (1 - cosine).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        run.step += 1
        log.append((loss.item(), cosine.mean().item()))
        with torch.no_grad():
            torch._foreach_lerp_(average, [p.detach() for p in parameters], 1 - min(0.998, run.step / (run.step + 10)))
        if run.step % 100 == 0:
            print(run.step, round(run.elapsed), np.round(np.mean(log[-100:], 0), 4), flush=True)
            run.save(modules, optimiser, average)
    run.save(modules, optimiser, average)


if __name__ == "__main__":
    main()
