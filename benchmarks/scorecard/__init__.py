"""Scorecard: 25 rows of promises about reliability and privacy, and what the last run of their tests found."""
