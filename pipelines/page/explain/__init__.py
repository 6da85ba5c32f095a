"""Explanation of how it works, on a person's own run: from noise to face, likeness on a scale, two settings tried."""
