"""Faces: detection, embeddings, identity, photo checks, likeness."""
