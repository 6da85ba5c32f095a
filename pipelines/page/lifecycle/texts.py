"""Sentences of the server's terminal, in English: whoever starts a server reads commands and logs."""

SERVER = "Headshot Studio: the page and its API."
HELP_HOST = "the address to listen on ({localhost}: this machine only)"
HELP_PORT = "the port (the first free one from {first} on)"
HELP_ENGINE = "auto or one of: {engines} (auto, or what {variable} says)"
HELP_ROOT_PATH = "the public address, where a proxy gives the page another than its own (or set GRADIO_ROOT_PATH)"
HELP_SHARE = "a public address for a week, through Gradio's relay"
HELP_PASSWORD = "ask visitors for it (or set {variable})"  # noqa: S105 - not a password
READY = "Headshot Studio: {url}"
SHARED = "For others, any user name and the password: {url}"
SHARE_NEEDS_PASSWORD = (
    "--share puts the page on the internet, so it needs a password: add --password, or set {variable}."  # noqa: S105
)
SHORT_PASSWORD = "--share puts the page on the internet, where passwords are guessed: take {least} characters or more."  # noqa: S105
OPEN_TO_ALL = (
    "Anybody who can reach this machine can use the studio: --host {host} opens it to the network, and no password is "
    "set. Add --password, or set {variable}."
)
NOT_A_PORT = "{variable} must be the number of a port, such as {first}, or not be set."
NO_SUCH_PORT = "There is no port {port}. Choose one from 1 to 65535, such as --port {first}."
NO_SUCH_ADDRESS = "This machine has no address {host}. Choose another --host."
PORT_TAKEN = "Port {port} cannot be used: it is taken, or it is not for you. Choose another --port."
NO_PORT_FREE = "No port from {first} to {last} is free. Choose one with --port."
BAD_NUMBER = "{variable} must be a number above 0, such as {default}, or not be set."
FILE_MISSING = "{file} is missing. Restore it from the repo."
NO_RELAY = (
    "The public link cannot be made: Gradio's relay cannot be reached from here. Check the network, or start without "
    "--share."
)
HELP_MCP = "also answer programs that speak the Model Context Protocol, at /gradio_api/mcp"
MCP_READY = "Model Context Protocol: {url}gradio_api/mcp"
NO_MCP = (
    "--mcp needs the package mcp. Install it with: pip install -c constraints.txt -r requirements.txt "
    "-r requirements-mcp.txt"
)
HELP_METRICS = "serve metrics for Prometheus on this port of this machine, or on HOST:PORT"
HELP_LOG_JSON = "write every line as one JSON object"
METRICS_AT = "Metrics: {url}"
