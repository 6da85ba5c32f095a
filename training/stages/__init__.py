"""Training stages, each a command."""
