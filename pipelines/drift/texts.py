"""Sentences on what a picture has changed. Each names one thing to look at."""

from pipelines.language.sentence import as_sentences

COVERING_LOST = "The head covering of your photo is missing."
HAIR_SHORTER = "The hair is shorter than in your photo."
HAIR_LESS = "There is less hair than in your photo: look at its shape, and at a bun or curls."
HAIR_LOWER = "The hair stands less high than in your photo: look at a bun or curls."
HAIR_LIGHTER = "The hair is lighter or greyer than in your photo."
HAIR_DARKER = "The hair is darker than in your photo."
BEARD_LESS = "The beard is lighter or thinner than in your photo."
BEARD_ADDED = "There is a beard, or a darker one than in your photo."
GLASSES_LOST = "The glasses of your photo are missing."
GLASSES_ADDED = "There are glasses, which your photo does not show."
SKIN_LIGHTER = "The skin is lighter than in your photo."
SKIN_DARKER = "The skin is darker than in your photo."

as_sentences(globals())
