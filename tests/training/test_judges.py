"""Frozen nets in the losses: ArcFace in torch, and the synthesis network."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from pipelines.engines.builtin.arcface_maps import ArcFaceMapper
from tests.support.made_up_training import LANDMARKS, W600K_MBF
from training.losses.arcface import ArcFace
from training.stages import mobilestylegan

pytestmark = pytest.mark.slow


def test_arcface_in_torch_sees_what_onnxruntime_sees(arcface: ArcFace) -> None:
    torch.manual_seed(1)
    picture = F.interpolate(torch.rand(1, 3, 32, 32) * 2 - 1, size=256, mode="bicubic")
    session = onnxruntime.InferenceSession(W600K_MBF, providers=["CPUExecutionProvider"])
    crop = torch.rand(2, 3, 112, 112) * 2 - 1
    for one in crop.split(1):
        expected = session.run(None, {session.get_inputs()[0].name: one.numpy()})[0]
        assert np.abs(arcface(one)[0].numpy() - expected).max() < 1e-4 * np.abs(expected).max()
    ours = arcface.maps(picture, torch.from_numpy(LANDMARKS)[None])
    theirs = ArcFaceMapper(W600K_MBF.read_bytes())(picture, LANDMARKS)
    assert (ours.embedding - theirs.embedding).abs().max() < 1e-4
    for a, b in zip(ours.maps, theirs.maps, strict=True):
        assert (a - b).abs().max() < 1e-3  # in deviations


def test_the_loss_can_push_a_picture_towards_an_embedding(arcface: ArcFace) -> None:
    picture = torch.zeros(1, 3, 128, 128, requires_grad=True)
    arcface.embed(picture, torch.from_numpy(LANDMARKS)[None] / 2).sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in arcface.parameters())


def test_one_style_for_all_layers_is_the_same_as_that_style_in_each(synthesis: mobilestylegan.Synthesis) -> None:
    style = torch.randn(1, 512)
    assert synthesis.styles == 23
    each = style[:, None].expand(-1, synthesis.styles, -1)
    for side, channels in ((32, 512), (64, 512)):
        features = synthesis.features(style, side)
        assert features.shape == (1, channels, side, side)
        assert torch.equal(features, synthesis.features(each, side))


def test_the_styles_of_the_upper_layers_leave_the_lower_features_alone(synthesis: mobilestylegan.Synthesis) -> None:
    each = torch.randn(1, 512)[:, None].repeat(1, synthesis.styles, 1)
    mixed = torch.cat([each[:, :10], torch.randn(1, 13, 512)], 1)
    assert torch.equal(synthesis.features(each, 32), synthesis.features(mixed, 32))
    assert not torch.allclose(synthesis.features(each, 64), synthesis.features(mixed, 64))


def openvino_constants(state: dict[str, torch.Tensor]) -> Iterator[tuple[str, torch.Tensor]]:
    """The constants of a network as random-face's file orders and names them; every second gain is 2."""
    blocks = [f"lower.blocks.{k}" for k in range(3)] + [f"upper.blocks.{k}" for k in range(4)]
    modulations = {
        "lower.modulation": "m.conv1.conv.modulation",
        "upper.out_modulation": "m.layers.6.to_img.conv.modulation",
    }
    for k, block in enumerate(blocks):
        modulations[f"{block}.modulation"] = f"m.layers.{k}.up.modulation"
        modulations[f"{block}.first.modulation"] = f"m.layers.{k}.conv1.conv.modulation"
        modulations[f"{block}.second.modulation"] = f"m.layers.{k}.conv2.conv.modulation"
    for number, (ours, theirs) in enumerate(modulations.items()):
        gain = 2 if number % 2 else 1
        yield f"{theirs}.weight", state[f"{ours}.affine.weight"] / gain
        yield f"{theirs}.bias", state[f"{ours}.affine.bias"][None] / gain
        if number % 2:
            yield f"gain {number}", torch.full((1, 1, 1, 1), 2.0)
    yield "m.input.input", state["lower.constant"]
    yield "weight", state["lower.convolution.weight"]
    yield "noise", state["lower.noise"]
    yield "m.conv1.bias", state["lower.convolution.bias"].reshape(1, -1, 1, 1)
    for k, block in enumerate(blocks):
        for ours, theirs in (("first", "conv1"), ("second", "conv2")):
            yield f"m.layers.{k}.{theirs}.conv.weight_dw", state[f"{block}.{ours}.depthwise.weight"][:, None]
            yield "weight", state[f"{block}.{ours}.pointwise.weight"]
            yield "noise", state[f"{block}.{ours}.noise"]
            yield f"m.layers.{k}.{theirs}.bias", state[f"{block}.{ours}.pointwise.bias"].reshape(1, -1, 1, 1)
    yield "m.layers.6.to_img.conv.weight", state["upper.out.weight"]
    yield "m.layers.6.to_img.bias", state["upper.out.bias"].reshape(1, -1, 1, 1)


def test_random_faces_files_become_the_network_they_describe(
    synthesis: mobilestylegan.Synthesis, tmp_path: Path
) -> None:
    root, data = ElementTree.Element("net"), b""
    for name, value in openvino_constants(synthesis.state_dict()):
        layer = ElementTree.SubElement(root, "layer", name=name, type="Const")
        raw, shape = value.numpy().tobytes(), ", ".join(map(str, value.shape))
        ElementTree.SubElement(
            layer, "data", element_type="f32", shape=shape, offset=str(len(data)), size=str(len(raw))
        )
        data += raw
    ElementTree.ElementTree(root).write(tmp_path / "net.xml")
    (tmp_path / "net.bin").write_bytes(data)
    read = mobilestylegan.synthesis_state(mobilestylegan.read_constants(tmp_path / "net.xml"))
    expected = synthesis.state_dict()
    assert read.keys() == expected.keys()
    assert all(torch.equal(read[name], expected[name]) for name in expected)
