"""How the built-in model was made, one command per stage; not needed to use it."""
