"""Finishing: from a drawn picture to a headshot (backdrop, skin tone, crop, grade)."""
