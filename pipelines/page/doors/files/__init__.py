"""Files: how many uploads may wait, and who is given an upload or a picture."""
