"""Sentences of `python -m pipelines deploy`: what it says and refuses. Names in braces are filled in."""

ABOUT = "Put Headshot Studio on a Hugging Face Space. Log in first with: hf auth login, or set HF_TOKEN."
HELP_TO = "the Space, as owner and name; it is made if it is not there"
HELP_HARDWARE = "one of: {hardware} ({default})"
HELP_ENGINE = "the engine that is loaded at the start (builtin on cpu-basic, {zero_gpu} on zero-gpu)"
HELP_PRIVATE = "make a new Space private"
HELP_FOLDER = "build the folder here and keep it; it must be empty or not there yet"
HELP_DRY_RUN = "build, check and show, and send nothing"

WRITE = "Write: python -m pipelines deploy space --to OWNER/NAME --dry-run. Add --help to see what else there is."
BAD_NAME = "A Space is named by its owner and its name, such as ann/headshots; {name} is not of that form."
NO_SUCH_HARDWARE = "There is no hardware {name}. Take one of: {hardware}."
FOLDER_NOT_EMPTY = "{folder} holds something already. Name a folder that is empty or not there yet."
FOLDER_FAILED = "The Space's folder could not be written to {folder}: {reason}. Free some disk or name another folder."
FILE_MISSING = "{pattern} is missing in the project's folder. Get the whole repo, and deploy from there."
NOT_PINNED = "The package {package} is not installed here, so its version for the Space is not known. {remedy}"
INSTALL = "Install what is needed with: pip install -c constraints.txt -r requirements.txt"

NOT_SENT = "The Space was not sent, as its folder is not as it should be:\n{findings}"
SECRET = "{file} holds something that looks like {kind}. Take it out."  # noqa: S105 - not a password
TOKEN_IN_FILE = "{file} holds your token. Take it out, and make a new token."  # noqa: S105 - not a password
STRANGER = "{file} has no place in a Space. Remove it."
WEIGHT_OF_UNKNOWN_LICENCE = "{file} is not in the weight table, so its licence is not known. Remove it."
WEIGHT_DAMAGED = "{file} is not the file that the weight table names. Get the models folder again."
FILE_ABSENT = "{file} is missing."
WRONG_GRADIO = "The front matter asks for Gradio {front}, requirements.txt for {pinned}. Make them the same."
KINDS = {
    "hub": "a token of the model hub",
    "github": "a token of GitHub",
    "amazon": "a key of Amazon's",
    "private": "a private key",
}

HEAD = ("what", "files", "size", "licence")
LARGE_HEAD = ("file", "size", "stored as")
LARGE = "large file (the hub keeps it outside of git)"
WHOLE = "In all: {files} files, {size}, for {hardware}."
KEPT = "The folder is at {folder}."
DRY = "Nothing was sent."
SENDING = "Sending it to {address} ..."
SENT = "Sent. The Space builds itself now, which takes minutes: {address}"

NO_TOKEN = "The hub does not know you. Log in with: hf auth login, or set HF_TOKEN to a token that may write."  # noqa: S105 - not a password
MAY_NOT = "Your token may not write to {name}. Use one of the owner's with the right to write; its name is {name}."
NEEDS_PLAN = "The hub makes no Space for {name} on {hardware} without a paid plan. Take --hardware zero-gpu, or a plan."
OTHER_SPACE = "{name} is another Space already, and nothing in it was changed. Choose another name."
HUB_REFUSED = (
    "The hub refused the Space (error {status}). Nothing is half done: the Space is as it was. Try again later."
)
HUB_FAILED = "The hub's client gave up ({kind}). Look at the Space's page for what has arrived, then try again."
HUB_SILENT = "The hub does not answer. Check the connection, then try again; what has arrived is not sent twice."

APACHE = "Apache-2.0"
SEE_FILES = "see the files beside them"
