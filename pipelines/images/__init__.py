"""Images: untrusted bytes become upright sRGB arrays."""
