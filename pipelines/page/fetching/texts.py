"""Sentences about fetching an engine's weights from the page."""

from pipelines.language.sentence import as_sentences

FETCH_NOW = "Fetch it now ({size})"
FETCH_CANCEL = "Stop fetching"
FETCH_TERMS = "From the model hub to this computer, under the licence above. It can be stopped, and goes on from there."
FETCHED = "{engine} is here, and every file was checked. Press Generate."
STOPPED = "Stopped. What has come is kept: the next time goes on from there."
NOT_FROM_HERE = (
    "Weights can only be fetched by a page that is open on the server's own computer. Ask whoever runs this studio."
)

as_sentences(globals())
