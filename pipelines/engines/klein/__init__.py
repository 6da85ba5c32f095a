"""FLUX.2 [klein]: an edit model, which takes a person's photos as reference pictures and instructions as words.

There is no adapter and no embedding: the photos are encoded by the VAE, and the transformer sees their latents beside
the ones it draws. Model card: https://huggingface.co/black-forest-labs/FLUX.2-klein-4B
"""
