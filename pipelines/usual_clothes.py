"""Clothes without what no tailor made: what is drawn below a face is moved towards what people usually have there.

The built-in model's latents are least sure below the chin, where its training faces differ most and its losses looked
least: specks on collars, hair that melts into a jacket, a shoulder in two pieces. Moving latents towards their mean is
StyleGAN's truncation trick (Karras et al. 2019, arXiv 1812.04948, section 3 and appendix B): less variety, fewer
faults. Here it is the clothes alone that lose variety, and the mean is that of the words of the prompt.
"""

from collections.abc import Sequence

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn


class UsualClothes(ModelMixin, ConfigMixin):
    """The mean of finished latents for any words, and how far each place of the grid is moved towards it.

    `training/usual_clothes.py` makes one.

    Args:
        words: those the mean depends on, in the order of `usual`.
        channels, side: of the latents.
    """

    @register_to_config
    def __init__(self, words: tuple[str, ...], channels: int = 64, side: int = 8):
        super().__init__()
        self.usual = nn.Parameter(torch.zeros(1 + len(words), channels, side, side), requires_grad=False)
        """The mean without any word, and what each word adds to it."""
        self.share = nn.Parameter(torch.zeros(side, side), requires_grad=False)
        """How far each place is moved, 0..1: 0 where it stays as drawn."""

    @torch.no_grad()
    def forward(self, latents: torch.Tensor, prompts: Sequence[str]) -> torch.Tensor:
        """Finished latents (B, channels, side, side), in the UNet's scale, moved as far as `share` says."""
        said = [[1.0, *(float(word in prompt.split()) for word in self.config.words)] for prompt in prompts]
        usual = torch.einsum("bw,wchv->bchv", self.usual.new_tensor(said), self.usual).to(latents)
        return latents + self.share.to(latents) * (usual - latents)
