"""Pictures signed with the host's certificate, as C2PA's own reader sees them."""

import sys
from io import BytesIO
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image

from pipelines import cli
from pipelines.errors import UserError
from pipelines.page.server import parse
from pipelines.provenance import signature
from pipelines.provenance.recipe import Recipe
from pipelines.provenance.save import is_marked, read_recipe, save
from pipelines.provenance.signature import BOTH, NO_PACKAGE, UNUSABLE, Signer, sign_from_now_on
from pipelines.run_plan import RunPlan
from tests.support.certificates import Chain, chain
from tests.test_run_plan import plan

IMAGE = np.random.default_rng(0).integers(0, 255, (64, 48, 3), np.uint8)
KINDS = {".png": "image/png", ".jpg": "image/jpeg"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return chain(tmp_path_factory.mktemp("host"))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    made: RunPlan = plan(words="a red tie")
    return made.recipe(7)


@pytest.fixture(autouse=True)
def _unsigned_again():
    yield
    sign_from_now_on(None, None)


def saved(folder: Path, suffix: str, recipe: Recipe) -> bytes:
    return save(IMAGE, folder / f"picture{suffix}", recipe).read_bytes()


def verdict(data: bytes, suffix: str, root: Path) -> str:
    """State that c2pa's reader finds, if it trusts this root."""
    trust = {"trust": {"trust_anchors": root.read_text()}, "verify": {"verify_trust": True}}
    context = c2pa.Context(settings=c2pa.Settings.from_dict(trust))
    try:
        with c2pa.Reader(KINDS[suffix], BytesIO(data), context=context) as reader:
            return str(reader.get_validation_state())
    except c2pa.C2paError as error:
        return type(error).__name__


@pytest.mark.parametrize("suffix", KINDS)
def test_a_reader_that_trusts_the_host_trusts_the_picture(
    suffix: str, host: Chain, recipe: Recipe, tmp_path: Path
) -> None:
    plain = saved(tmp_path, suffix, recipe)
    sign_from_now_on(host.cert, host.key)
    signed = saved(tmp_path, suffix, recipe)
    assert verdict(signed, suffix, host.root) == "Trusted"
    assert verdict(plain, suffix, host.root) != "Trusted"  # the control: without the options nothing is signed
    assert is_marked(signed) and read_recipe(signed) == recipe
    with Image.open(BytesIO(plain)) as before, Image.open(BytesIO(signed)) as after:
        assert (np.asarray(before) == np.asarray(after)).all() and after.info["icc_profile"] == before.info[
            "icc_profile"
        ]


@pytest.mark.parametrize("suffix", KINDS)
def test_a_changed_picture_and_a_stranger_s_signature_are_not_trusted(
    suffix: str, host: Chain, recipe: Recipe, tmp_path: Path
) -> None:
    sign_from_now_on(host.cert, host.key)
    signed = saved(tmp_path, suffix, recipe)
    changed = bytearray(signed)
    changed[-40] ^= 1
    assert verdict(bytes(changed), suffix, host.root) == "Invalid"
    assert verdict(signed, suffix, chain(tmp_path / "stranger").root) != "Trusted"


def test_the_manifest_says_who_made_it_and_that_it_is_ai_and_holds_no_other_picture(
    host: Chain, recipe: Recipe, tmp_path: Path
) -> None:
    sign_from_now_on(host.cert, host.key)
    with c2pa.Reader("image/png", BytesIO(saved(tmp_path, ".png", recipe))) as reader:
        manifest = reader.get_active_manifest()
    (created,) = manifest["assertions"][0]["data"]["actions"]
    assert created["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert manifest["claim_generator_info"][0]["name"] == "Headshot Studio"
    assert manifest["signature_info"]["issuer"] == "Test Studio" and "time" not in manifest["signature_info"]
    assert "ingredients" not in manifest and "thumbnail" not in manifest


@pytest.mark.parametrize("kind", ["es256", "es384", "ps256", "ed25519"])
def test_every_usual_kind_of_key_signs(kind: str, tmp_path: Path, recipe: Recipe) -> None:
    own = chain(tmp_path / kind, kind)
    sign_from_now_on(own.cert, own.key)
    assert verdict(saved(tmp_path, ".png", recipe), ".png", own.root) == "Trusted"


def test_what_cannot_sign_is_a_sentence_at_the_start(
    host: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, nonsense = chain(tmp_path / "other"), tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate")
    for cert, key, sentence in (
        (host.cert, None, BOTH),
        (None, host.key, BOTH),
        (host.cert, other.key, UNUSABLE),  # of somebody else's certificate
        (nonsense, host.key, UNUSABLE),
        (host.cert, nonsense, UNUSABLE),
    ):
        with pytest.raises(UserError) as refused:
            sign_from_now_on(cert, key)
        assert str(refused.value) == sentence
    with pytest.raises(UserError, match="cannot be read"):
        sign_from_now_on(tmp_path / "nowhere.pem", host.key)
    monkeypatch.setitem(sys.modules, "c2pa", None)
    with pytest.raises(UserError) as refused:
        Signer(host.cert.read_bytes(), host.key.read_bytes())
    assert str(refused.value) == NO_PACKAGE


def test_page_and_command_line_take_the_options(
    host: Chain, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = parse(["--c2pa-cert", str(host.cert), "--c2pa-key", str(host.key)])
    assert (given.c2pa_cert, given.c2pa_key) == (host.cert, host.key)
    monkeypatch.setenv(signature.CERT, str(host.cert))
    assert str(parse([]).c2pa_cert) == str(host.cert)
    monkeypatch.delenv(signature.CERT)
    assert cli.main(["photo.jpg", "--c2pa-cert", str(host.cert)]) == 2
    assert capsys.readouterr().err.strip() == BOTH
