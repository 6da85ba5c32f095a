"""Camera: what the page says about a small frame of it, several times a second, before the photo is taken."""
