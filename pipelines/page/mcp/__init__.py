"""The four public endpoints for programs that speak the Model Context Protocol (https://modelcontextprotocol.io).

Gradio's own server for it calls the page as one client of its own: every caller would be the same visitor, past the
password, and their connections could not be told apart when one is closed.
"""
