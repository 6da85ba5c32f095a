"""Training data: faces, attributes and batches."""
