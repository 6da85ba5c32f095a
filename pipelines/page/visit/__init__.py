"""Finished runs of a visit, kept beside the photos until the session is forgotten, and shown as cards."""
