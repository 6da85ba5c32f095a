"""Sentences of the doors: what a request is told that is not let in. The other half of `pipelines.page.texts`."""

from pipelines.language.sentence import as_sentences

NOT_HERE = "There is nothing at this address. The page is at /, and its API is described in the README."
WRONG_METHOD = "This address does not take {method} requests."
WRONG_KIND = "Send this as {kind}."
TOO_LARGE = "This is more than the studio takes at once. Send fewer or smaller files."
TOO_SLOW = "This came too slowly, so the studio stopped listening. Check the connection and send it again."
FOREIGN_HOST = (
    "This server does not answer to that name. Open it by its own address; whoever runs it behind a proxy names the "
    "public address with --root-path."
)
FOREIGN_PAGE = "Another website asked for this. Open the studio's own page and try again."
NOT_JSON = "This is not a JSON object as the API takes it. Check the body that you send."
BAD_PART = "{part} is missing or not as it should be. Leave the work to Gradio's client, or see the API's description."
NO_SUCH_CALL = "There is no such call. Scripts may use {names}."
PAGE_ONLY = (
    "Only the studio's own page may ask for this, and the studio does not know this one. Reload the page, and allow it "
    "to keep a cookie."
)
IN_THE_QUEUE = "This waits in a queue. Ask for it with /gradio_api/call/{name} instead."
NO_DATA = "Send the values for {name} as a list called data; it takes {wanted} of them."
WRONG_NUMBER = "{name} takes {wanted} values, and {given} came. Send one for each argument, null for its default."
WRONG_NAMES = "The arguments of {name} are {names}. It needs {required}; leave out what you do not set."
NOT_YOUR_FILE = "There is no such file of yours. Download a picture in the browser in which it was made."
NOT_YOUR_SESSION = "This session is not yours. Reload the page, or leave out session_hash."
FROM_ADDRESS = "The studio fetches no photos. Upload the file itself (in the API: /gradio_api/upload) and name that."
NOT_ON_OFFER = "One of the values is not among those on offer. Reload the page and choose again."
NO_SESSION = "This needs a session. Open the page, or ask through Gradio's client."
PHOTOS_FULL = "Many photos are being looked at. Please try again in a minute."
PHOTOS_YOURS = "Your photos are still being looked at. Wait a moment, then try again."
FINISHING_FULL = "Much is asked of the studio at the moment. Please try again in a minute."
FINISHING_YOURS = "What you asked for before is still being made. Wait a moment, then try again."
ADDRESS_FULL = "There are already {calls} such calls from your address. Wait until one is done, then try again."
NO_LENGTH = "Say how many bytes the upload has (Content-Length), as browsers and Gradio's client do."
UPLOADS_FULL = "The studio holds as many photos as it can at the moment. Please try again in a minute."
UPLOADS_YOURS = "You have sent many photos that were not used yet. Wait a minute, then send this one again."
PASSWORD_LABEL, ENTER = "Password", "Enter"
PASSWORD_NEEDED = "This studio asks for a password. Open its page and give it, or log in with Gradio's client."  # noqa: S105
WRONG_PASSWORD = "That is not the password. Ask whoever runs this studio."  # noqa: S105
TOO_MANY_TRIES = "That was wrong too often. Try again in {seconds} s."

as_sentences(globals())
