"""Fetching an engine's weights from the page, where the page and whoever looks at it are on one machine."""
