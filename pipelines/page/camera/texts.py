"""Sentences on a frame of the camera, said while somebody looks into it."""

from pipelines.language.sentence import as_sentences

NO_FACE = "No face is seen yet: look into the camera."
SEVERAL = "There are {faces} faces: be alone in the picture."
TOO_NEAR = "Too near: this makes the nose large. Hold the camera at arm's length."
TOO_FAR = "Come nearer: the face is small."
GOOD = "This is good. Hold still and take the photo."

as_sentences(globals())
