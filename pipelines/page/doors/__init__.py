"""Doors: what every request passes before Gradio sees it. Each is a layer of its own; `front` puts them in order."""
