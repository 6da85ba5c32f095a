"""Parts of the built-in model, which ships with the project."""
