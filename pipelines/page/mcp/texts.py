"""Sentences for programs that speak the Model Context Protocol. Names in braces are filled in by `str.format`."""

PHOTO = (
    "A photo: its file's bytes as base64 (a data: address will do), or the path that an upload to /gradio_api/upload "
    "was given."
)
NO_SUCH_TOOL = "There is no tool called that. There are: {names}."
UNKNOWN_ARGUMENT = "{tool} takes no argument {name}. It takes: {names}."
MISSING_ARGUMENT = "{tool} needs the argument {name}."
NOT_BASE64 = "A photo must be base64, or the path of an upload. Encode the file's bytes, or upload it first."
STOPPED = "The connection was closed, so the run was ended."
