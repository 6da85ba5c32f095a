"""Fixture of the tests about saved files."""

import pytest

from pipelines.provenance.save import save
from tests.support.recipes import PICTURE, RECIPE

SUFFIXES = [".png", ".jpg"]


@pytest.fixture(params=SUFFIXES)
def saved(request, tmp_path):
    return save(PICTURE, tmp_path / f"headshot{request.param}", RECIPE)
