"""Drawings: from what an engine drew to files, and once more with other finishing."""
