"""Sentences on weights that cannot be fetched, or are not what they should be. Names in braces are filled in."""

from pipelines.language.sentence import as_sentences

UNREADABLE_LIST = (
    "The list of verified weights at {path} cannot be read. Delete it and fetch the weights again: what is here "
    "already is only checked."
)
ALREADY_FETCHING = "Weights are being fetched already. Wait until that is done, then try again."
NOT_WRITTEN = "{file} could not be written. Free some disk, then try again."
OTHER_ARCHIVE = (
    "The archive at {address} is damaged or holds another {file}, and was deleted. Try again later, or choose the "
    "built-in engine."
)
CHANGED = "{file} of {engine} has changed since it was verified, and was not opened. Get it again with: {command}"
NO_ADAPTER = (
    "{file} is not an identity adapter, or holds more than weights, and was not opened. Delete it and fetch the "
    "engine's weights again."
)
NO_ANSWER = (
    "{engine} needs weights that are not on this machine, and the model hub does not answer. Connect to the internet "
    "and get them with: {command}, or choose the built-in engine, which needs nothing."
)
NO_HASH = "The hub gives no hash for {file} of {repo}, so it was not downloaded."
GATED = (
    "{what} is given only to people who accepted its terms. Accept them on its page on the model hub, set HF_TOKEN to "
    "your token, and try again."
)
NO_REVISION = (
    "The model hub no longer has {what}, which this program was built with, and no other was taken in its place. Get a"
    " newer version of this program, or choose the built-in engine."
)
GONE = "The model hub has no {what} any more. Get a newer version of this program, or choose the built-in engine."
OFFLINE = "{what} cannot be downloaded while HF_HUB_OFFLINE is set. Unset it and try again."
SERVER_ERROR, NO_CONNECTION = "the server answers with error {status}", "the connection failed"
NOT_HAD = "{what} could not be had: {reason}. Try again later; what has arrived is kept."
NOT_WRITTEN_BECAUSE = "{what} could not be written: {reason}. Free some disk, then try again."
DAMAGED = (
    "{file} of {repo} arrived damaged or is another file: its hash is wrong. It was thrown away; nothing else was "
    "changed. Try again later, or from another network."
)
BROKE_OFF = (
    "The connection broke off while {file} was downloaded. What has arrived is kept: the same command goes on from "
    "there."
)
OTHER_REVISION = (
    "The model hub answered with another revision than {revision} for {file}. Nothing was kept of it. Check "
    "HF_ENDPOINT, or try again later."
)
WEIGHTS_NOT_WRITTEN = (
    "The weights of {engine} could not be written: {reason}. What has arrived is kept: free some disk, then use the "
    "same command again."
)
NOT_AT_REVISION = (
    "The model hub has no {part} in {repo} at revision {revision}. Get a newer version of this program, or choose the "
    "built-in engine."
)
OTHER_FILE = (
    "The model hub offers another {file} of {repo} than the one that is known here: its size or hash differs. It was "
    "not downloaded. Check HF_ENDPOINT, or choose the built-in engine."
)
FULL_DISK = (
    "There is too little disk for {engine}: it needs {needed}, and {free} are free. Nothing was downloaded. Free some,"
    " or set HF_HOME to a folder on a larger disk."
)
NO_RECOGNISER = (
    "All else for {engine} is here, but {file} could not be had from {address}. Connect to the internet or try again "
    "later with: {command}, or choose the built-in engine."
)

as_sentences(globals())
