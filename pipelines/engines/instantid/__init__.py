"""InstantID: its adapter, its pipeline with a ControlNet, and the picture of key points."""
