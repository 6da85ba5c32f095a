"""The wardrobe: what a person wears in a picture, and the rendered garments that it is made of."""
