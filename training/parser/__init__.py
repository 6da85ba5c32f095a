"""Head parser: few labelled faces, a classifier on the generator's inner maps, and a net that learns from it."""
