"""Random checkpoints of the large engines in their true layouts, tiny ones for tests or as large as published.

The layouts are those of the published files, tensor for tensor: at full size they give the published files' bytes
(tests/engines/test_layouts.py checks them). `rows.write_row` writes all that a row of the engine table names.
"""
