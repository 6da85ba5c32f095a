"""Throughput, memory and steadfastness of teams: one process against a Ray cluster that loses workers and a machine."""
