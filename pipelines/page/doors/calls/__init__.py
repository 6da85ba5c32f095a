"""Calls of endpoints: read and checked, given a place in the queue, and their errors mended."""
