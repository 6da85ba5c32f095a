"""Drift of a picture from the photos in all that a face recogniser does not see: hair, beard, glasses, skin."""
