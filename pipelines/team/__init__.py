"""Headshots of a whole team: a table with a row a person becomes a folder of pictures each, and a report."""
