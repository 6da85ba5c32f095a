"""Engine table. All engines run through the one class in `pipelines.engines.engine`; only these rows differ."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from pipelines.engine_spec import Component, EngineSpec, Scheduler, SecondPass, Source
from pipelines.errors import UserError
from pipelines.language.sentence import Sentence, joined
from pipelines.paths import MODELS
from pipelines.settings import Settings

INSIGHTFACE_LICENCE = "InsightFace's face models: non-commercial research only"
NO_ENGINE = Sentence("There is no engine called {name}. Choose one of: {engines}.")
SMALLER = Sentence("Choose the engine {engine}, which needs less, and try again.")
NOT_FOR_WORK = Sentence("Its pictures are not for work.")
_RESEARCH_ONLY = "InsightFace's face models and h94's FaceID weights are for non-commercial research only."
_SQUARE = {"square": (1024, 1024), "tight": (1024, 1024)}
_WHOLE = {"portrait": (896, 1152), **_SQUARE}
"""Sizes near 1024 x 1024, which such models were trained on. Of a portrait 4:5 is kept."""
_VIT_H = Component(
    class_path="transformers:CLIPVisionModelWithProjection",
    source=Source.hub("clip-vit-h", subfolder="models/image_encoder"),
)
_SAFETY = Source.hub("safety-checker")
_DPM_SDE_KARRAS = Scheduler(
    class_path="diffusers:DPMSolverMultistepScheduler",
    changes={"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True},
)
_LCM = Scheduler(class_path="pipelines.engines.schedulers:PreviewedLCM")
_FEW_STEPS = Settings(identity_strength=1.0, structure=1.0, guidance_scale=1.0, steps=5)
"""LCM was distilled with guidance in it: 4 to 8 steps, and a guidance scale of 1 to 2 (its model cards)."""

_USABLE = {"guidance_scale": (2.0, 8.0), "steps": (15, 50)}
"""Ranges around the advice of the checkpoints' cards, 3.5 to 7 and 20 to 30; not yet measured with faces."""
_USABLE_FEW = {"guidance_scale": (1.0, 2.0), "steps": (4, 8)}
"""Advice of LCM's model cards."""

_BUILTIN = EngineSpec(
    id="builtin",
    title="Built-in",
    about="Ships with the project and runs on any CPU, offline. Clothes are rendered; it knows usual phrases.",
    licence=f"Non-commercial: {INSIGHTFACE_LICENCE}; MobileStyleGAN Apache-2.0, trained on FFHQ (CC BY-NC-SA 4.0)",
    commercial_use="no",
    commercial_reason=(
        "InsightFace's face models are for non-commercial research only, and the pictures that "
        "MobileStyleGAN learned from are CC BY-NC-SA."
    ),
    family="builtin",
    draws="head",
    pipeline="pipelines.engines.builtin.pipeline:BuiltinPipeline",
    base=Source(repo=str(MODELS / "builtin")),
    components={
        "vae": Component(
            class_path="pipelines.engines.builtin.autoencoder:FaceAutoencoder",
            source=Source(repo=str(MODELS / "builtin"), subfolder="vae"),
        ),
        "unet": Component(
            class_path="pipelines.engines.builtin.pipeline:ReferenceUNet",
            source=Source(repo=str(MODELS / "builtin"), subfolder="unet"),
        ),
    },
    adapter=Source(repo=str(MODELS / "builtin"), subfolder="ip_adapter", weight_name="faceid.safetensors"),
    adapter_lora=None,
    adapter_class="pipelines.engines.builtin.adapter:ReferenceLatentsAdapter",
    preview="pipelines.engines.previews:rgb_head",
    reencode="pipelines.engines.builtin.reencode:reencode_around_face",
    recogniser="w600k_mbf",
    embedding_sampling="area",
    sizes={"portrait": (1024, 1024), **_SQUARE},
    scheduler=Scheduler(class_path="diffusers:DDIMScheduler"),
    defaults=Settings(identity_strength=1.0, structure=1.2, guidance_scale=1.2, steps=4),
    usable={"structure": (0.5, 1.5), "guidance_scale": (1.0, 3.0), "steps": (4, 20)},
    memory_gb=0,
    head_turn={"turned-left": -0.19, "turned-right": 0.19},
    options={"safety_checker": None, "requires_safety_checker": False},
)

_SD15 = EngineSpec(
    id="sd15",
    title="Stable Diffusion 1.5",
    about="Realistic Vision with IP-Adapter FaceID Plus v2. Free text; needs a model hub once and a GPU.",
    licence=f"CreativeML OpenRAIL-M; h94's FaceID weights: research only; {INSIGHTFACE_LICENCE}",
    commercial_use="no",
    commercial_reason=_RESEARCH_ONLY,
    family="diffusion",
    pipeline="pipelines.engines.diffusers_pipelines:IdentityPipeline",
    base=Source.hub("realistic-vision"),
    components={
        "vae": Component(
            class_path="diffusers:AutoencoderKL",
            source=Source.hub("vae-ft-mse"),
        ),
        "image_encoder": _VIT_H,
        # Named here because a base model's own folder may leave it out (and with it the feature extractor).
        "safety_checker": Component(
            class_path="diffusers.pipelines.stable_diffusion.safety_checker:StableDiffusionSafetyChecker",
            source=_SAFETY,
        ),
        "feature_extractor": Component(class_path="transformers:CLIPImageProcessor", source=_SAFETY),
    },
    adapter=Source.hub("faceid", weight_name="ip-adapter-faceid-plusv2_sd15.bin"),
    adapter_lora=Source.hub("faceid", weight_name="ip-adapter-faceid-plusv2_sd15_lora.safetensors"),
    adapter_class="pipelines.engines.adapters:FaceIDPlusV2Adapter",
    preview="pipelines.engines.previews:linear_sd15",
    recogniser="w600k_r50",
    # In 4:5 for portraits: of the usual 512 x 768 the crop would take a sixth away.
    sizes={"portrait": (512, 640), "square": (512, 512), "tight": (512, 512)},
    # Measured on a CPU, a step of the second pass takes 7.5 times as long as one of the first.
    second_pass=SecondPass(pipeline="pipelines.engines.diffusers_pipelines:RefiningPipeline", scale=2.0, memory_gb=1.2),
    backdrop="keep",
    scheduler=_DPM_SDE_KARRAS,
    defaults=Settings(identity_strength=1.0, structure=1.0, guidance_scale=5.0, steps=25, second_pass=0.35),
    usable=_USABLE,
    # 4.0 of weights in 16 bits, of them 1.9 the UNet with adapter and LoRAs and 0.6 the safety checker, which never
    # leaves; measured on a CPU, a step of the second pass with guidance takes 1.3 more, the VAE 2.5, or 1.1 in tiles,
    # and the process itself 1.2.
    memory_gb=6.5,
    weights_gb=4.0,
    part_gb=4,
)
_SD15_LCM = replace(
    _SD15,
    id="sd15-lcm",
    title="Stable Diffusion 1.5, few steps",
    about="The same in 5 steps without guidance, where the other takes 25 with it. Negative words do nothing.",
    few_step_lora=Source.hub("lcm-sd15", weight_name="pytorch_lora_weights.safetensors"),
    scheduler=_LCM,
    most_steps=50,
    defaults=replace(_FEW_STEPS, second_pass=0.35),
    usable=_USABLE_FEW,
)

_SDXL = EngineSpec(
    id="sdxl",
    title="Stable Diffusion XL",
    about="RealVisXL with IP-Adapter FaceID Plus v2. Free text; needs a model hub once and a large GPU.",
    licence=f"OpenRAIL++; h94's FaceID weights: research only; {INSIGHTFACE_LICENCE}",
    commercial_use="no",
    commercial_reason=_RESEARCH_ONLY,
    family="diffusion",
    pipeline="pipelines.engines.diffusers_pipelines:IdentityXLPipeline",
    base=Source.hub("realvis-xl", variant="fp16"),
    components={"image_encoder": _VIT_H},
    adapter=Source.hub("faceid", weight_name="ip-adapter-faceid-plusv2_sdxl.bin"),
    adapter_lora=Source.hub("faceid", weight_name="ip-adapter-faceid-plusv2_sdxl_lora.safetensors"),
    adapter_class="pipelines.engines.adapters:FaceIDPlusV2Adapter",
    preview="pipelines.engines.previews:linear_sdxl",
    safety_checker=_SAFETY,
    recogniser="w600k_r50",
    sizes=_WHOLE,
    backdrop="keep",
    scheduler=_DPM_SDE_KARRAS,
    defaults=Settings(identity_strength=1.0, structure=1.0, guidance_scale=5.0, steps=25),
    usable=_USABLE,
    # 9.4 of weights in 16 bits, of them 6.5 the UNet with adapter and LoRAs; measured on a CPU, a step with guidance
    # takes 0.7 more and the VAE, which overflows in float16 and so decodes in float32, 3.8.
    memory_gb=14,
    weights_gb=9.4,
    part_gb=8,
    options={"add_watermarker": False},
)
_SDXL_LCM = replace(
    _SDXL,
    id="sdxl-lcm",
    title="Stable Diffusion XL, few steps",
    about="The same in 5 steps without guidance, where the other takes 25 with it. Negative words do nothing.",
    few_step_lora=Source.hub("lcm-sdxl", weight_name="pytorch_lora_weights.safetensors"),
    scheduler=_LCM,
    most_steps=50,
    defaults=_FEW_STEPS,
    usable=_USABLE_FEW,
)

_SDXL_INSTANTID = EngineSpec(
    id="sdxl-instantid",
    title="Stable Diffusion XL, InstantID",
    about=(
        "RealVisXL with InstantID: the face's embedding and five key points, which also put the head where the look "
        "wants it. Free text; needs a model hub once and a large GPU."
    ),
    licence=f"OpenRAIL++; InstantID Apache-2.0; {INSIGHTFACE_LICENCE}",
    commercial_use="no",
    commercial_reason="InsightFace's face models are for non-commercial research only.",
    family="diffusion",
    pipeline="pipelines.engines.instantid.pipeline:KeyPointsXLPipeline",
    base=Source.hub("realvis-xl", variant="fp16"),
    components={
        "controlnet": Component(
            class_path="pipelines.engines.instantid.pipeline:FaceControlNet",
            source=Source.hub("instantid", subfolder="ControlNetModel"),
        )
    },
    adapter=Source.hub("instantid", weight_name="ip-adapter.bin"),
    adapter_lora=None,
    adapter_class="pipelines.engines.instantid.adapter:InstantIDAdapter",
    preview="pipelines.engines.previews:linear_sdxl",
    safety_checker=_SAFETY,
    recogniser="glintr100",
    embedding_norm="raw",
    sizes=_WHOLE,
    backdrop="keep",
    scheduler=_DPM_SDE_KARRAS,
    defaults=Settings(identity_strength=0.8, structure=1.0, guidance_scale=5.0, steps=30),
    usable=_USABLE,
    # 9.7 of weights in 16 bits, of them 5.6 the UNet with the adapter and 2.5 the ControlNet, which draw together; room
    # to work as for sdxl. Not measured on a GPU.
    weights_gb=9.7,
    memory_gb=15,
    part_gb=10,
    options={"add_watermarker": False},
)
_SDXL_INSTANTID_LCM = replace(
    _SDXL_INSTANTID,
    id="sdxl-instantid-lcm",
    title="Stable Diffusion XL, InstantID, few steps",
    about="The same in 8 steps without guidance, where the other takes 30 with it. Negative words do nothing.",
    few_step_lora=_SDXL_LCM.few_step_lora,
    scheduler=_LCM,
    most_steps=50,
    defaults=replace(_FEW_STEPS, identity_strength=0.8, steps=8),
    usable=_USABLE_FEW,
)

_SEES_THE_PHOTO = "Does nothing here: this engine sees the photo itself."
_FLUX2_KLEIN = EngineSpec(
    id="flux2-klein",
    title="FLUX.2 klein",
    about=(
        "Edits your photo by instructions, and so sees the photo itself, not only the face in it. Free text; free for "
        "use at work; needs a model hub once and a large GPU."
    ),
    licence="Apache-2.0; safety checker: CreativeML OpenRAIL-M; dlib's face models: CC0 1.0",
    commercial_use="yes",
    commercial_reason=(
        "FLUX.2 klein is Apache-2.0, dlib's face models are CC0 1.0, and nothing of InsightFace is loaded. The safety "
        "checker's CreativeML OpenRAIL-M allows such use."
    ),
    family="edit",
    pipeline="pipelines.engines.klein.pipeline:EditPipeline",
    base=Source.hub("flux2-klein"),
    components={},
    adapter=None,
    adapter_lora=None,
    adapter_class="pipelines.engines.klein.adapter:ReferencePhotosAdapter",
    preview="pipelines.engines.previews:linear_flux2",
    safety_checker=_SAFETY,
    recogniser="dlib_resnet",
    embedding_sampling="area",
    judge="dlib_resnet",
    unused_settings={
        "resemblance": _SEES_THE_PHOTO,
        "identity_strength": _SEES_THE_PHOTO,
        "structure": _SEES_THE_PHOTO,
        "guidance_scale": "Does nothing here: guidance was distilled into this engine.",
    },
    number_format="bfloat16",
    sizes=_WHOLE,
    backdrop="keep",
    scheduler=Scheduler(class_path="diffusers:FlowMatchEulerDiscreteScheduler"),
    defaults=Settings(identity_strength=1.0, structure=1.0, guidance_scale=1.0, steps=4),
    usable={"steps": (4, 8)},
    # 16.0 of weights in 16 bits, of them 8.1 the text encoder and 7.8 the transformer; not measured on a GPU.
    weights_gb=16.0,
    memory_gb=17,
    part_gb=9,
)

_ROWS = (_BUILTIN, _SD15, _SD15_LCM, _SDXL, _SDXL_LCM, _SDXL_INSTANTID, _SDXL_INSTANTID_LCM, _FLUX2_KLEIN)
ENGINES: Mapping[str, EngineSpec] = MappingProxyType({row.id: row for row in _ROWS})
"""All engines, by id."""
AUTO_ORDER = ("sdxl", "sd15")
"""Engines that "auto" considers on a GPU, the best first; the built-in engine where none of them will do."""


def engine_row(engine_id: str, table: Mapping[str, EngineSpec] = ENGINES) -> EngineSpec:
    """The row of this id. Raises UserError if there is none."""
    if engine_id not in table:
        raise UserError(NO_ENGINE.format(name=repr(engine_id[:40]), engines=", ".join(table)))
    return table[engine_id]


def smaller_engine(spec: EngineSpec) -> str:
    """The advice to choose the engine that wants the most memory of those that want less; "" if none does."""
    smaller = [row for row in ENGINES.values() if row.memory_gb < spec.memory_gb]
    if not smaller:
        return ""
    # of as many steps, where there is a choice
    best = max(smaller, key=lambda row: (row.memory_gb, bool(row.few_step_lora) == bool(spec.few_step_lora)))
    less_use = (spec.commercial_use, best.commercial_use) == ("yes", "no")
    return joined(" ", [SMALLER.format(engine=best.title), *([NOT_FOR_WORK] if less_use else [])])
