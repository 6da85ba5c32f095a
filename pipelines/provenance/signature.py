"""Signature of pictures by the C2PA standard, with the host's certificate; optional, and made without a network.

A signed file says who made it and that it was made by AI, in a manifest that breaks when a byte of the picture changes.
The photos it was made from are not in it. Needs the package c2pa-python (requirements-c2pa.txt).
"""

import argparse
import os
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.errors import UserError
from pipelines.version import __version__

AI_MARK = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PRODUCT = "Headshot Studio"
CERT, KEY = "HEADSHOT_C2PA_CERT", "HEADSHOT_C2PA_KEY"
"""Variables for those who give no options."""
SETTINGS = {"builder": {"thumbnail": {"enabled": False}}}
"""No small copy of the face in the manifest."""
BOTH = "A signature needs a certificate and its key: give --c2pa-cert and --c2pa-key, or neither."
NO_PACKAGE = "Signing needs the package c2pa-python: pip install -c constraints.txt -r requirements-c2pa.txt"
UNREADABLE = "The file {file} for signing cannot be read ({reason}). Name a PEM file that is there."
UNUSABLE = (
    "Pictures cannot be signed with this certificate and key. Give the signer's certificate with those above it, as "
    "PEM, made for C2PA and still valid, and the private key that belongs to it, as PKCS 8 without a password."
)


class Signer:
    """Signs pictures with one certificate. Share it among threads."""

    def __init__(self, cert: bytes, key: bytes) -> None:
        """Take the certificate with those above it, and its key, both PEM. Raises UserError if they do not work."""
        try:
            import c2pa
        except ImportError as error:
            raise UserError(NO_PACKAGE) from error
        self._c2pa, self._cert, self._key = c2pa, cert, key
        self._algorithm  # noqa: B018 - tried now, and not with somebody's first picture

    def sign(self, data: bytes, kind: str) -> bytes:
        """Return the bytes of a PNG or JPEG file (`kind`) with its manifest."""
        return self._signed(data, kind, self._algorithm)

    @cached_property
    def _algorithm(self) -> Any:
        """First algorithm that this key can sign with, so that a reader finds nothing wrong."""
        buffer = BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, "PNG")
        for algorithm in self._c2pa.C2paSigningAlg:
            try:
                signed = self._signed(buffer.getvalue(), "PNG", algorithm)
                with self._c2pa.Reader("image/png", BytesIO(signed)) as reader:
                    if reader.get_validation_state() in ("Valid", "Trusted"):
                        return algorithm
            except self._c2pa.C2paError:
                continue
        raise UserError(UNUSABLE)

    def _signed(self, data: bytes, kind: str, algorithm: Any) -> bytes:
        about = self._c2pa.C2paSignerInfo(algorithm, self._cert, self._key, None)  # no time stamp: that asks a server
        context = self._c2pa.Context(settings=self._c2pa.Settings.from_dict(SETTINGS))
        signed = BytesIO()
        with self._c2pa.Signer.from_info(about) as signer, self._c2pa.Builder(_manifest(), context) as builder:
            builder.sign(signer, f"image/{kind.lower()}", BytesIO(data), signed)
        return signed.getvalue()


def _manifest() -> dict[str, Any]:
    created = {"action": "c2pa.created", "digitalSourceType": AI_MARK}
    return {
        "claim_generator_info": [{"name": PRODUCT, "version": __version__}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


_of_this_process: list[Signer] = []
"""The host's signer, if there is one; `sign_from_now_on` alone puts it here."""


def add_options(line: argparse.ArgumentParser) -> None:
    """Add `--c2pa-cert` and `--c2pa-key` to a command line."""
    for name, variable, what in (
        ("--c2pa-cert", CERT, "certificate to sign pictures with, those above it behind it"),
        ("--c2pa-key", KEY, "its private key"),
    ):
        line.add_argument(
            name, type=Path, default=os.environ.get(variable), metavar="PEM", help=f"{what} (or set {variable})"
        )


def sign_from_now_on(cert: str | Path | None, key: str | Path | None) -> None:
    """Let `save` sign every picture of this process; with no certificate and no key, none. Raises UserError."""
    _of_this_process.clear()
    if (cert is None) != (key is None):
        raise UserError(BOTH)
    if cert is not None and key is not None:
        _of_this_process.append(Signer(_read(cert), _read(key)))


def signed(data: bytes, kind: str) -> bytes:
    """Return the bytes of a PNG or JPEG file (`kind`), signed if this process signs its pictures."""
    return _of_this_process[0].sign(data, kind) if _of_this_process else data


def _read(file: str | Path) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UserError(UNREADABLE.format(file=file, reason=error.strerror)) from error
