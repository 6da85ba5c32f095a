"""The page on Ray Serve: one replica with the page, its visitors and their line, and replicas with an engine each.

Serve sends a run to a replica that is free, starts more where runs wait, and replaces those that die. What a visitor
may ask for, and who comes next, is decided where all visitors are: in the page's own line.
"""
