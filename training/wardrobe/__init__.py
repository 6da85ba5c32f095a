"""The wardrobe workshop: garment plates rendered by Cycles, for the app to put a head on. Not needed at run time."""
