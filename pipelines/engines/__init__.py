"""Engines: rows of the table become loaded diffusers pipelines that draw a person."""
