"""What is known beforehand of the files that the engines' rows name: a table beside `pipelines.engine_table`.

Read on the model hub's own pages. A hash that could not be learned is left empty: the first verified download records
it in the lock file (`pipelines.weights.lock`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipelines.engine_table import EngineSpec, Source

RESEARCH_ONLY = "research only"


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """One published file."""

    repo: str
    path: str
    about: int
    """Size in bytes; rounded as the hub's page shows it, where `size` is empty."""
    size: int | None = None
    """Size in bytes, exactly."""
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One source of a row, with the names of everything in the row that is loaded from it."""

    names: tuple[str, ...]
    source: Source
    without: tuple[str, ...] = ()
    """Of a whole pipeline: the folders that the row replaces or leaves out."""

    @property
    def name(self) -> str:
        """For people."""
        return self.source.weight_name or ", ".join(self.names)

    @property
    def key(self) -> str:
        """In the lock file: the same for all engines that load the same."""
        without = f" without {', '.join(self.without)}" if self.without else ""
        return f"{self.source.repo}/{self.folder}{self.source.weight_name or ''}{without}"

    @property
    def is_pipeline(self) -> bool:
        """Whether it is a folder of folders, with a `model_index.json`."""
        return "base" in self.names

    @property
    def folder(self) -> str:
        """Prefix of its files' paths in the repo: "" or "folder/"."""
        return f"{self.source.subfolder}/" if self.source.subfolder else ""


LICENCES: Mapping[str, str] = MappingProxyType(
    {
        "SG161222/Realistic_Vision_V5.1_noVAE": "CreativeML OpenRAIL-M",
        "SG161222/RealVisXL_V5.0": "OpenRAIL++",
        "stabilityai/sd-vae-ft-mse": "MIT",
        "CompVis/stable-diffusion-safety-checker": "not stated by its authors",
        "latent-consistency/lcm-lora-sdv1-5": "OpenRAIL++",
        "latent-consistency/lcm-lora-sdxl": "OpenRAIL++",
        "h94/IP-Adapter": "Apache-2.0",
        "h94/IP-Adapter-FaceID": RESEARCH_ONLY,
    }
)
"""By repo."""

_FACEID = "h94/IP-Adapter-FaceID"
_REALISTIC = "SG161222/Realistic_Vision_V5.1_noVAE"
_REALVIS = "SG161222/RealVisXL_V5.0"
_ROWS = (
    KnownFile(repo=_REALISTIC, path="unet/diffusion_pytorch_model.safetensors", about=3_440_000_000),
    KnownFile(repo=_REALISTIC, path="text_encoder/model.safetensors", about=492_000_000),
    KnownFile(repo="stabilityai/sd-vae-ft-mse", path="diffusion_pytorch_model.safetensors", about=335_000_000),
    KnownFile(repo="CompVis/stable-diffusion-safety-checker", path="pytorch_model.bin", about=1_220_000_000),
    KnownFile(
        repo="h94/IP-Adapter",
        path="models/image_encoder/model.safetensors",
        about=2_528_373_448,
        size=2_528_373_448,
        sha256="6ca9667da1ca9e0b0f75e46bb030f7e011f44f86cbfb8d5a36590fcd7507b030",
    ),
    KnownFile(
        repo=_FACEID,
        path="ip-adapter-faceid-plusv2_sd15.bin",
        about=156_558_509,
        size=156_558_509,
        sha256="26d0d86a1d60d6cc811d3b8862178b461e1eeb651e6fe2b72ba17aa95411e313",
    ),
    KnownFile(
        repo=_FACEID,
        path="ip-adapter-faceid-plusv2_sd15_lora.safetensors",
        about=51_059_544,
        size=51_059_544,
        sha256="8abff87a15a049f3e0186c2e82c1c8e77783baf2cfb63f34c412656052eb57b0",
    ),
    KnownFile(
        repo=_FACEID,
        path="ip-adapter-faceid-plusv2_sdxl.bin",
        about=1_487_555_181,
        size=1_487_555_181,
        sha256="c6945d82b543700cc3ccbb98d363b837e9c596281607857c74b713a876daf5fb",
    ),
    KnownFile(
        repo=_FACEID,
        path="ip-adapter-faceid-plusv2_sdxl_lora.safetensors",
        about=371_842_896,
        size=371_842_896,
        sha256="f24b4bb2dad6638a09c00f151cde84991baf374409385bcbab53c1871a30cb7b",
    ),
    KnownFile(
        repo=_REALVIS,
        path="unet/diffusion_pytorch_model.fp16.safetensors",
        about=5_140_000_000,
        sha256="ea10386073d39ffdde9fda426745b3f5e9dcd2af204c128ece0f4ea84570ffee",
    ),
    KnownFile(
        repo=_REALVIS,
        path="text_encoder/model.fp16.safetensors",
        about=246_000_000,
        sha256="0a873801e35a008b17e228189a83a8b41e068ffe7bde7c1105e8c6e947758bc5",
    ),
    KnownFile(repo=_REALVIS, path="text_encoder_2/model.fp16.safetensors", about=1_390_000_000),
    KnownFile(repo=_REALVIS, path="vae/diffusion_pytorch_model.fp16.safetensors", about=167_000_000),
    KnownFile(
        repo="latent-consistency/lcm-lora-sdv1-5",
        path="pytorch_lora_weights.safetensors",
        about=134_621_556,
        size=134_621_556,
        sha256="8f90d840e075ff588a58e22c6586e2ae9a6f7922996ee6649a7f01072333afe4",
    ),
    KnownFile(repo="latent-consistency/lcm-lora-sdxl", path="pytorch_lora_weights.safetensors", about=394_000_000),
)

KNOWN: Mapping[tuple[str, str], KnownFile] = MappingProxyType({(row.repo, row.path): row for row in _ROWS})
"""By repo and path."""


def known(repo: str, path: str) -> KnownFile | None:
    """What the table has of a file."""
    return KNOWN.get((repo, path))


def parts(spec: EngineSpec) -> list[Part]:
    """Everything that a row loads from the model hub; nothing for the built-in engine."""
    names: dict[Source, list[str]] = {}
    for name, source in _sources("", spec):
        if not Path(source.repo).is_absolute():
            names.setdefault(source, []).append(name)
    without = tuple(sorted({*spec.components, *(name for name, value in spec.options.items() if value is None)}))
    return [
        Part(names=tuple(of), source=source, without=without if source is spec.base else ())
        for source, of in names.items()
    ]


def known_size(part: Part) -> int:
    """Bytes of a part's large files, as far as the table knows them."""
    paths = {path: known.about for (repo, path), known in KNOWN.items() if repo == part.source.repo}
    if part.source.weight_name:
        return paths.get(part.folder + part.source.weight_name, 0)
    return sum(size for path, size in paths.items() if path.startswith(part.folder))


def _sources(name: str, value: Any) -> Iterator[tuple[str, Source]]:
    """Every source in a row, wherever it stands, named after the innermost field or key that is no "source"."""
    if isinstance(value, Source):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _sources(key, inner)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _sources(name if field.name == "source" else field.name, getattr(value, field.name))
