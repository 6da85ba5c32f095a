"""A picture and its recipe, and files of others that carry something where the mark and the recipe belong."""

import json
from dataclasses import asdict

import numpy as np
from PIL import Image

from pipelines.provenance.recipe import Recipe
from pipelines.provenance.save import IPTC_EXT, RDF, RECIPE_NAMESPACE
from tests.support import picture_files as files
from tests.support.picture_files import encode, selfie

PICTURE = np.asarray(selfie())

RECIPE = Recipe(
    engine="builtin",
    look="corporate",
    backdrop="seamless-grey",
    expression="smiling",
    words="grey background, smiling",
    negative_words="glasses",
    identity_strength=0.8,
    structure=0.35,
    guidance_scale=3.0,
    steps=12,
    seed=7,
    versions={"app": "0.1.0", "model": "builtin-3", "torch": "2.13.0+cpu", "diffusers": "0.42.1"},
)

BLANK = Image.new("RGB", (8, 8))


def marked(mark):
    """XMP with this description in it."""
    return f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:i="{IPTC_EXT}">{mark}</rdf:RDF>'


def with_packet(packet, kind="PNG"):
    """A picture with this text as its XMP packet."""
    raw = packet if isinstance(packet, bytes) else packet.encode()
    if kind == "JPEG":
        return encode(BLANK, "JPEG", xmp=raw)
    return files.after_png_header(encode(BLANK, "PNG"), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + raw))


def with_recipe(text, kind="PNG"):
    """A picture that carries this text where a recipe belongs."""
    text = text if isinstance(text, str) else json.dumps(text)
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return with_packet(
        marked(f'<rdf:Description><h:recipe xmlns:h="{RECIPE_NAMESPACE}">{text}</h:recipe></rdf:Description>'), kind
    )


def changed(**values):
    """The recipe's values with others in it."""
    return asdict(RECIPE) | values
