"""A face model is opened only if it is the very file this program was built with."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.errors import UserError
from pipelines.faces.identity import FaceAnalyser
from pipelines.faces.models import DETECTOR, FACE_MODELS, locate, read_verified, session
from pipelines.runtime.verified_files import is_verified
from pipelines.weight_table import Origin, WeightFile

ARCHIVE = Origin(kind="archive", name="https://example.org/buffalo_test.zip", licence="none")
PACKED = replace(FACE_MODELS[DETECTOR], origin=ARCHIVE, path="scrfd_500m_bnkps.onnx")
"""The detector, as if the person had to fetch it."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """InsightFace's folder, with an untouched copy of PACKED."""
    monkeypatch.setenv("INSIGHTFACE_HOME", str(tmp_path))
    file = locate(PACKED)
    file.parent.mkdir(parents=True)
    file.write_bytes(locate(FACE_MODELS[DETECTOR]).read_bytes())
    return tmp_path


def refusal(model: WeightFile) -> str:
    with pytest.raises(UserError) as refused:
        session(model, 1)
    return str(refused.value)


def test_the_file_itself_is_opened(home: Path) -> None:
    assert locate(PACKED) == home / "models" / "buffalo_test" / PACKED.name
    assert session(PACKED, 1).get_inputs()[0].shape[1] == 3


@pytest.mark.scorecard("R18")
def test_one_wrong_byte_and_it_is_not_opened(home: Path) -> None:
    content = bytearray(locate(PACKED).read_bytes())
    content[len(content) // 2] ^= 1
    locate(PACKED).write_bytes(content)
    said = refusal(PACKED)
    assert "is not the file this program was built with" in said and "was not opened" in said
    assert "Get it with: python -m pipelines weights fetch ENGINE" in said


@pytest.mark.scorecard("R18")
def test_half_a_download_is_not_opened(home: Path) -> None:
    locate(PACKED).write_bytes(locate(PACKED).read_bytes()[:1_000_000])
    assert "is not the file this program was built with" in refusal(PACKED)


def test_a_file_that_is_not_there_is_named_with_what_to_do(home: Path) -> None:
    locate(PACKED).unlink()
    said = refusal(PACKED)
    assert said.startswith(f"The face model {PACKED.name} cannot be read at {locate(PACKED)}.")
    assert "choose the built-in engine" in said


@pytest.mark.scorecard("R18")
def test_the_analyser_refuses_a_damaged_recogniser_too(home: Path) -> None:
    file = locate(FACE_MODELS["w600k_r50"])
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no model")
    with pytest.raises(UserError, match=r"w600k_r50\.onnx at .* is not the file .* weights fetch ENGINE"):
        FaceAnalyser("w600k_r50", threads=1)


def test_without_its_package_the_command_that_installs_it_is_told() -> None:
    detector = FACE_MODELS[DETECTOR]
    elsewhere = replace(detector, origin=replace(detector.origin, name="no-such-package"))
    assert refusal(elsewhere).endswith("Install it with: pip install no-such-package==0.1.0")
    assert not is_verified(elsewhere)


def test_every_file_of_the_packages_is_the_right_one() -> None:
    packaged = [model for model in FACE_MODELS.values() if model.origin.kind == "package"]
    assert len(packaged) == 4
    for model in packaged:
        assert len(read_verified(model)) == model.size and is_verified(model)
