"""Speed and memory of the large engines on random weights."""
