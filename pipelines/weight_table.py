"""Weight table: one row per weight file, with its origin, size, hash and purpose.

It lies beside `pipelines.engine_table`, below all packages, because faces, matting, engines and weights all read it.
Sizes and hashes of files on the hub stand on the hub's own pages. Where a hash could not be learned, the first verified
download records it in the lock file (`pipelines.weights.lock`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from pipelines.paths import MODELS
from pipelines.weight_origins import (
    BUFFALO_L,
    BUILTIN,
    CLIP_VIT_H,
    FACEID,
    LCM_SD15,
    LCM_SDXL,
    REALISTIC_VISION,
    REALVIS_XL,
    SAFETY_CHECKER,
    SELFIE_SEGMENTATION,
    VAE_FT_MSE,
    VECTRON,
    Origin,
)


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """Row of the table."""

    origin: Origin
    path: str
    """Path inside the origin; for an archive, the file's name, wherever it lies in it."""
    size: int
    """Bytes."""
    size_is_exact: bool = True
    """False where the hub's page shows a rounded size only."""
    sha256: str | None = None
    """64 hex digits, or None where it could not be learned."""
    purpose: str

    @property
    def name(self) -> str:
        """File name without folders."""
        return PurePosixPath(self.path).name


PERSON_MASK = WeightFile(
    origin=SELFIE_SEGMENTATION,
    path="model.onnx",
    size=434_944,
    sha256="3035bbf1ccee381a23cf6428e18e60cc0f851697b154094aaaf6a7eecd9736e9",
    purpose="person mask: cuts the person out of a picture",
)

FACE_MODELS: Mapping[str, WeightFile] = MappingProxyType(
    {
        "scrfd_500m": WeightFile(
            origin=VECTRON,
            path="model/scrfd_500m_bnkps.onnx",
            size=2_524_155,
            sha256="a3562ef62592bf387f6ef19151282ac127518e51c77696e62e0661bee95ba1ad",
            purpose="finds faces and their five landmarks",
        ),
        "w600k_mbf": WeightFile(
            origin=VECTRON,
            path="model/w600k_mbf.onnx",
            size=13_616_099,
            sha256="9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
            purpose="recogniser of the built-in engine, and the one that measures likeness",
        ),
        "w600k_r50": WeightFile(
            origin=BUFFALO_L,
            path="w600k_r50.onnx",
            size=174_383_860,
            sha256="4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
            purpose="recogniser that IP-Adapter FaceID was trained on",
        ),
    }
)
"""Detector and recognisers, by the names that the engine table uses."""

_BUILTIN_FILES = (
    WeightFile(
        origin=BUILTIN,
        path="ip_adapter/faceid.safetensors",
        size=4_462_904,
        sha256="a27dd9bb7504f90a13a6805445b7a39c5f268e221011d4b21beedd3fd236755d",
        purpose="identity adapter: the face's embedding as tokens for the UNet",
    ),
    WeightFile(
        origin=BUILTIN,
        path="text_encoder/model.safetensors",
        size=2_131_032,
        sha256="770af917297628ddf34e6efebaa123de1b36b3aecff167663d12e4f35680210e",
        purpose="reads the prompt's words",
    ),
    WeightFile(
        origin=BUILTIN,
        path="unet/diffusion_pytorch_model.safetensors",
        size=50_037_072,
        sha256="1cacea582e6156a38d45d16506fc047a789d889ba3087e59231cc3f60dd47c8c",
        purpose="diffusion: removes the latents' noise",
    ),
    WeightFile(
        origin=BUILTIN,
        path="vae/diffusion_pytorch_model.safetensors",
        size=43_684_488,
        sha256="c3d6666cf5ae4c89b0201fbfbb17618a33cc6d6bd0f45ced47cb37aed1a3a570",
        purpose="autoencoder: photos to latents, latents to pictures and previews",
    ),
)

_HUB_FILES = (
    WeightFile(
        origin=REALISTIC_VISION,
        path="unet/diffusion_pytorch_model.safetensors",
        size=3_440_000_000,
        size_is_exact=False,
        purpose="diffusion: removes the latents' noise",
    ),
    WeightFile(
        origin=REALISTIC_VISION,
        path="text_encoder/model.safetensors",
        size=492_000_000,
        size_is_exact=False,
        purpose="reads the prompt's words",
    ),
    WeightFile(
        origin=VAE_FT_MSE,
        path="diffusion_pytorch_model.safetensors",
        size=335_000_000,
        size_is_exact=False,
        purpose="autoencoder: latents to pictures",
    ),
    WeightFile(
        origin=SAFETY_CHECKER,
        path="pytorch_model.bin",
        size=1_220_000_000,
        size_is_exact=False,
        purpose="refuses pictures that are not safe for work",
    ),
    WeightFile(
        origin=CLIP_VIT_H,
        path="models/image_encoder/model.safetensors",
        size=2_528_373_448,
        sha256="6ca9667da1ca9e0b0f75e46bb030f7e011f44f86cbfb8d5a36590fcd7507b030",
        purpose="image encoder: pose and face shape of the photo, for the structure slider",
    ),
    WeightFile(
        origin=FACEID,
        path="ip-adapter-faceid-plusv2_sd15.bin",
        size=156_558_509,
        sha256="26d0d86a1d60d6cc811d3b8862178b461e1eeb651e6fe2b72ba17aa95411e313",
        purpose="identity adapter: the face's embedding as tokens for the UNet",
    ),
    WeightFile(
        origin=FACEID,
        path="ip-adapter-faceid-plusv2_sd15_lora.safetensors",
        size=51_059_544,
        sha256="8abff87a15a049f3e0186c2e82c1c8e77783baf2cfb63f34c412656052eb57b0",
        purpose="LoRA that belongs to the identity adapter",
    ),
    WeightFile(
        origin=FACEID,
        path="ip-adapter-faceid-plusv2_sdxl.bin",
        size=1_487_555_181,
        sha256="c6945d82b543700cc3ccbb98d363b837e9c596281607857c74b713a876daf5fb",
        purpose="identity adapter: the face's embedding as tokens for the UNet",
    ),
    WeightFile(
        origin=FACEID,
        path="ip-adapter-faceid-plusv2_sdxl_lora.safetensors",
        size=371_842_896,
        sha256="f24b4bb2dad6638a09c00f151cde84991baf374409385bcbab53c1871a30cb7b",
        purpose="LoRA that belongs to the identity adapter",
    ),
    WeightFile(
        origin=REALVIS_XL,
        path="unet/diffusion_pytorch_model.fp16.safetensors",
        size=5_140_000_000,
        size_is_exact=False,
        sha256="ea10386073d39ffdde9fda426745b3f5e9dcd2af204c128ece0f4ea84570ffee",
        purpose="diffusion: removes the latents' noise",
    ),
    WeightFile(
        origin=REALVIS_XL,
        path="text_encoder/model.fp16.safetensors",
        size=246_000_000,
        size_is_exact=False,
        sha256="0a873801e35a008b17e228189a83a8b41e068ffe7bde7c1105e8c6e947758bc5",
        purpose="reads the prompt's words",
    ),
    WeightFile(
        origin=REALVIS_XL,
        path="text_encoder_2/model.fp16.safetensors",
        size=1_390_000_000,
        size_is_exact=False,
        purpose="reads the prompt's words, the larger of two",
    ),
    WeightFile(
        origin=REALVIS_XL,
        path="vae/diffusion_pytorch_model.fp16.safetensors",
        size=167_000_000,
        size_is_exact=False,
        purpose="autoencoder: latents to pictures",
    ),
    WeightFile(
        origin=LCM_SD15,
        path="pytorch_lora_weights.safetensors",
        size=134_621_556,
        sha256="8f90d840e075ff588a58e22c6586e2ae9a6f7922996ee6649a7f01072333afe4",
        purpose="LoRA that lets the UNet draw in few steps",
    ),
    WeightFile(
        origin=LCM_SDXL,
        path="pytorch_lora_weights.safetensors",
        size=394_000_000,
        size_is_exact=False,
        purpose="LoRA that lets the UNet draw in few steps",
    ),
)

PROJECT_FILES = (*_BUILTIN_FILES, PERSON_MASK)
"""Files that come with the project, in models/."""
HUB_FILES: Mapping[tuple[str, str], WeightFile] = MappingProxyType({(f.origin.name, f.path): f for f in _HUB_FILES})
"""Files on the hub, by repo and path."""


def face_model(name: str) -> WeightFile:
    """Row of a detector or recogniser."""
    return FACE_MODELS[name]


def hub_file(repo: str, path: str) -> WeightFile | None:
    """Row of a file on the hub, if it has one."""
    return HUB_FILES.get((repo, path))


def hub_files(repo: str) -> list[WeightFile]:
    """Rows of a repo on the hub."""
    return [row for row in HUB_FILES.values() if row.origin.name == repo]


def project_files(folder: str | Path) -> list[WeightFile]:
    """Rows of a folder of models/, in the order of their paths; none for any other folder."""
    rows = [row for row in PROJECT_FILES if MODELS / row.origin.name == Path(folder)]
    return sorted(rows, key=lambda row: PurePosixPath(row.path))
