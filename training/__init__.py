"""Training of the built-in model, one command per stage; not needed to use it."""
