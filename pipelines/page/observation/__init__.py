"""Observation of the server for whoever runs it: health, numbers (`--metrics`) and a log (`--log-json`).

Neither holds anything of a person: no address, name, word, photo or seed; kinds, counts and seconds only.
"""
