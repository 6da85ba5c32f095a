"""Prompts as they are composed for each family of engines, in the look `corporate` unless another is given."""

from pipelines.looks.preset import load_looks
from pipelines.looks.prompts import compose

LOOKS = load_looks()

CORPORATE = LOOKS["corporate"]  # facing smiling


def builtin(words="", negative_words="", look=CORPORATE):
    return compose(look, words=words, negative_words=negative_words, family="builtin")


def diffusion(words="", negative_words="", look=CORPORATE):
    return compose(look, words=words, negative_words=negative_words, family="diffusion")


def edit(words="", negative_words="", look=CORPORATE, photos=1):
    return compose(look, words=words, negative_words=negative_words, family="edit", photos=photos)
