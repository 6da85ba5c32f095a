"""Sentences and labels that people read on the page, in its API's description and in the server's terminal.

Names in braces are filled in by `str.format`. Nothing else in `pipelines.page` or `app.py` holds a sentence, so a
translation replaces this module. Labels of fields, looks, engines and settings stand in their own tables.
"""

from pipelines.settings import MAX_PHOTOS

# The page as a whole

TITLE = "Headshot Studio"
PROMISE = "A selfie in, studio headshots out."
DESCRIPTION = "Studio headshots of the person in a selfie: no training, no account, on any machine."
SKIP_TO_GENERATE = "Go to Generate"
START = "Add a photo, tick the box, then press Generate."
PRIVACY = (
    "Your photos stay in this server's memory: they are sent nowhere and no log mentions them. Photos and pictures are "
    "deleted when you close the page, or half an hour after your last click. Only settings stay, in your own browser."
)

# Photos

YOUR_PHOTOS = "Your photos"
PHOTOS_LABEL = f"1 to {MAX_PHOTOS} photos of one person"
DROP_PHOTOS = f"Drop photos here, or click to choose: 1 to {MAX_PHOTOS} of one person"
CAMERA, CAMERA_SHOOT = "Use the camera", "Take the photo"
CAMERA_HINT = "Light from the front, at arm's length, the whole head in the picture. It is sent only once you take it."
CAMERA_REFUSED = "The browser was told not to give the camera. Allow it beside the page's address, or choose a file."
CAMERA_MISSING = "No camera could be opened. Plug one in, close other programs that use it, or choose a file."
CAMERA_INSECURE = "Browsers give the camera only to pages with https, or of this machine itself. Choose a file instead."
GOOD_SELFIE = "A good selfie: six things to look at"
GOOD_SELFIE_PAIRS = {
    "light": ("Light", "from the front", "against the light"),
    "straight": ("Straight", "into the camera", "turned away"),
    "distance": ("Distance", "an arm's length", "too far"),
    "face": ("Face", "free", "dark glasses, a mask"),
    "hair": ("Hair", "all in the picture", "cut by the edge"),
    "sharp": ("Sharpness", "still and sharp", "blurred"),
}
"""By the name of the pictures: title, what is good, what is not."""
GOOD_SELFIE_EXAMPLES = "These people do not exist. Two or three good photos from different days are better than one."
NO_PHOTO_AT_HAND = "No photo at hand? Take somebody who does not exist:"
EXAMPLE = "Example {number}"
CONSENT = "This is me, or I have this person's permission, and the person in the photos is an adult."
NO_CONSENT = (
    "Please confirm first that the photos show you, or somebody who gave permission, and that it is an adult. "
    "Tick the box (in the API: consent=True) and try again."
)
TICK_THE_BOX = "Please tick the box first: the photos show you, or somebody who gave permission, and they are an adult."
FACE = "Face {number}"
WHICH_FACE = "Which face is yours in photo {number}?"
REMOVE = "Remove"
PHOTO = "Photo {number}"
NOT_CHECKED = "Tick the box above and the photo is looked at."
ONE_FACE = "One clear face."
SEVERAL_FACES = "{faces} faces; yours is chosen."
WEIGHT = "Counts for {weight:.0%} of the identity."
NO_PHOTO = (
    f"Please add a photo first: 1 to {MAX_PHOTOS} of one person. One that is still on its way appears in a moment."
)
LEFT_OUT = "{file} is left out. {reason}"
NOT_ALL_TAKEN = f"At most {MAX_PHOTOS} photos are used: {{number}} more were left out. Remove one to make room."
REPLACE_YOUR_PHOTOS = "The example would take the place of your own photos."
REPLACE, KEEP_MINE = "Take the example", "Keep my photos"
TOO_MANY_PHOTOS = f"At most {MAX_PHOTOS} photos are used. Remove one before you add another."
STUDIO_FULL = "The studio is full at the moment. Please try again in half an hour."

# Look and words

THE_LOOK = "The look"
MORE_LOOKS, MORE_LOOKS_ABOUT = "Also in these looks", "All in one run, as many pictures of each."
CHOICE_OF_LOOK = "{choice} (look)"
OR_IN_LABELS = " / "
CHANGED_FIELD = "{field}, changed"
RESET_ONE, RESET = "Undo 1 change to the look", "Undo {number} changes to the look"
CLOTHES, PICTURE_FIELDS = "Clothes", "Backdrop, light and pose"
ROUGH_CHOICE = "{choice} (roughly)"
IN_YOUR_WORDS = "In your words"
WORDS, WORDS_EXAMPLE = "What the picture should show", "such as: big smile, navy suit, red tie"
NEGATIVE_WORDS, NEGATIVE_WORDS_EXAMPLE = "What it should not show", "such as: tie, tilted head"
UNDERSTOOD = "Understood:"
SET_BY_WORDS = "{field}: {choice}"
SO_THE_PICTURE_HAS = "So the picture has"
OTHER_LANGUAGE = "This looks like {language}. The engines read English only: “big smile, navy suit, grey background”."
IGNORED = "Ignored, because this engine does not know them:"
FREE_TEXT = "This engine reads free text: describe what you want in plain English."
KNOWN_WORDS = "This engine understands:"
KNOWN_PHRASES = "Everyday phrases that say the same"

# Engine and settings

ENGINE_AND_SETTINGS = "Engine and settings"
AUTOMATIC = "Automatic ({engine})"
ENGINE_TO_FETCH = "{engine} ({size} to fetch)"
NOT_HERE = "Not on this machine yet: {size} to download. Generate fetches it first, or the command"
FETCH = "python -m pipelines weights fetch {engine}"
YOU_CHOSE_IT = "you chose it"
LICENCE, LICENCE_IS = "Licence:", "{licence}."
AT_WORK = "Use at work:"
WHY_THIS_ENGINE = "Why this one: {reason}."
COUNT = "How many pictures"
SEED, SEED_EXAMPLE = "Seed", "empty: by chance"
ROLL = "⚄ Roll"
BAD_SEED = "The seed must be a whole number, or empty for other pictures each time."
ADVANCED = "Advanced: the separate weights, guidance, steps"
EARLIER_SETTINGS = "Use the settings of an earlier headshot"
EARLIER_PICTURE = "A picture as it was downloaded from here"
SETTINGS_IN_PLACE = "The settings of that picture are in place; with the same photos they make it again."

# A run

GENERATE, CANCEL, SKIP = "Generate", "Cancel", "Skip this one"
STAGES = {
    "photos": "Looking at the photos",
    "loading": "Loading the engine",
    "drawing": "Drawing",
    "finishing": "Cutting out, backdrop and grade",
    "saving": "Saving",
}
FETCHING = "Fetching the engine's weights, {percent} %"
ONE_RUN_AHEAD = "Waiting in line: 1 run before yours"
RUNS_AHEAD = "Waiting in line: {runs} runs before yours"
PICTURE_AT_HAND = "Picture {number} of {count}: {stage}"
TIME_LEFT = " · {duration} left"
SECONDS, MINUTES = "about {number:.0f} s", "about {number:.0f} min"
PROGRESS = "How far the run is"
TOO_MANY_PICTURES = (
    "{looks} looks with {count} pictures each are {pictures} pictures; a run makes at most {most:g}. "
    "Choose fewer looks, or fewer pictures of each."
)
CANCELLED_KEPT = "Cancelled. What was finished is kept: {pictures}."
CANCELLED_EARLIER_KEPT = "Cancelled. Your earlier pictures are still here; press Generate to start again."
ONE_DONE = "Here it is."
SEVERAL_DONE = "{pictures} pictures, the best likeness first."
INCIDENT = (
    "Something went wrong that should not have. Please try again; if it happens again, report incident {incident}."
)

# Pictures

FORGOTTEN_IN = "Photos and pictures are forgotten {left} unless you go on."
IN_SECONDS, IN_MINUTES = "in {number:.0f} s", "in {number:.0f} min"
KEEP = "Keep them longer"
FORGOTTEN = "Your photos and pictures were forgotten, as promised. Add a photo to begin again."
GONE = "Forgotten: this picture can no longer be downloaded."
EARLIER_RUNS = "Earlier in this visit"
SHOW_RUN = "Show these pictures again: {title}"
ALL_LOOKS = "All looks"
COMPARE_AND_CHANGE = "This picture"
COMPARE_HOW = "Drag the line: your selfie on the left, the headshot on the right."
OTHER_FIELD = "Other {field}"
EVERY_LOOK, CLOSE = "In every look", "Close"
FINISHED_AGAIN = "Finished again in {seconds:.1f} s, from the same drawing. Both are kept."
LOOKS_DONE = "{done} of {looks} looks"
SHEET_DONE = "One drawing in every look; its expression stays as it was drawn."
COMPARE, MORE_LIKE_THIS = "Compare and change", "More like this"
YOUR_HEADSHOTS = "Your headshots"
NOTHING_YET = "Your pictures appear here."
SELFIE = "Selfie"
SAMPLE = "Made by the built-in engine. This person does not exist. Your pictures appear here."
PICTURE, HEADSHOT = "Picture {number}", "Headshot {number}"
LIKENESS, NO_LIKENESS = "Likeness {cosine:.2f}", "Likeness no face"
USUAL = " · usual {low:.2f}–{high:.2f}"
SEED_OF_PICTURE = "Seed {seed}"
OTHER_SIZES = "Other sizes"
SIZES = {"linkedin": "LinkedIn", "cv": "CV, 300 dpi", "portrait-4x5": "Portrait", "avatar-round": "Round avatar"}
ALL_AS_ZIP, ARCHIVE = "Download all (zip)", "headshots.zip"
FORMATS = {".png": "PNG", ".jpg": "JPEG"}
LIKENESS_MEANS = (
    "Likeness is the cosine between the face in the picture and yours, as a face recogniser sees them, next to what is "
    "usual for {basis}. Every file carries a mark that says it was made by AI, and its recipe."
)

# The API

SEND_A_LIST = f"Send a list of 1 to {MAX_PHOTOS} files."
API_FIELD = "{field}: instead of the look's own: {choices}."
API_SETTING = "{name}: {label}, {low:g} to {high:g}; none: {default}."
API_OF_ENGINE, API_BY_CHANCE = "the engine's own", "drawn by chance"
API_HEADSHOT = f"""Studio headshots of the person in 1 to {MAX_PHOTOS} photos, best likeness first.

Gives progress reports (stage, done, seconds_left, place in the line) and at last a report with `pictures`: file, sizes,
seed, likeness (cosine) with what is usual, verdict, warnings. Cancelling the job stops the run. The photos are deleted
once they are read, the pictures when the client leaves, at the latest after half an hour.

photos: 1 to {MAX_PHOTOS} files (JPEG, PNG, WebP, HEIC, AVIF) of one person.
consent: must be true: the photos show you, or somebody who gave permission, and that person is an adult.
look: {{looks}}.
{{fields}}
words, negative_words: what the picture should and should not show.
{{settings}}
count: how many pictures, {{low:g}} to {{high:g}}.
faces: per photo the number of the face from the left, where a photo shows several; 0 or none for no choice.
engine: {{engines}}.
format: {{formats}}.
sizes: extra files: {{sizes}}."""
API_OR = " or "
API_CHECK_PHOTOS = f"""\
What was found in photos, before a run: for each the number of faces, whether it can be used, why not
and what to do, what could be better, and its weight in the identity (0: somebody else). Photos are deleted once read.

photos: 1 to {MAX_PHOTOS} files of one person.
consent: must be true: the photos show you, or somebody who gave permission, and that person is an adult.
faces: per photo the number of the face from the left, where a photo shows several."""
API_LOOKS = """\
Every look with its fields, every choice of every field, the ranges of the settings, the sizes, the engines
with their licences, and the words that the built-in engine knows."""
API_RECIPE = """The recipe in a picture that was made here: the settings which, with the same photos, make it again.

picture: a PNG or JPEG file as it was downloaded."""

# The server's terminal

SERVER = "Headshot Studio: the page and its API."
HELP_HOST = "the address to listen on ({localhost}: this machine only)"
HELP_PORT = "the port (the first free one from {first} on)"
HELP_ENGINE = "auto or one of: {engines} (auto, or what {variable} says)"
HELP_ROOT_PATH = "the public address, where a proxy gives the page another than its own (or set GRADIO_ROOT_PATH)"
HELP_SHARE = "a public address for a week, through Gradio's relay"
HELP_MCP = "also answer programs that speak the Model Context Protocol, at /gradio_api/mcp"
MCP_READY = "Model Context Protocol: {url}gradio_api/mcp"
NO_MCP = (
    "--mcp needs the package mcp. Install it with: pip install -c constraints.txt -r requirements.txt "
    "-r requirements-mcp.txt"
)
HELP_PASSWORD = "ask visitors for it (or set {variable})"  # noqa: S105 - not a password
HELP_METRICS = "serve metrics for Prometheus on this port of this machine, or on HOST:PORT"
HELP_LOG_JSON = "write every line as one JSON object"
READY = "Headshot Studio: {url}"
METRICS_AT = "Metrics: {url}"
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
BAD_METRICS = "--metrics takes a port, such as 9464, or an address and a port, such as 0.0.0.0:9464."
METRICS_PORT_TAKEN = "{host}:{port} cannot be used for the metrics: it is taken, or it is not for you. Choose another."
NO_METRICS = (
    "--metrics needs a package that is not installed here. Install it with: pip install -c constraints.txt -r "
    "requirements-metrics.txt"
)
METRIC_RUNS = "Runs that have ended, by engine and outcome: done, cancelled, refused or failed."
METRIC_PICTURES = "Finished pictures, by engine."
METRIC_RUNS_NOW = "Runs now: waiting in the line, or running."
METRIC_RUN_SECONDS = "Seconds of runs that were done, waiting included."
METRIC_STAGE_SECONDS = "Seconds of each stage of a run; drawing, finishing and saving once for each picture."
METRIC_REFUSALS = "Refused runs and requests, by kind."
METRIC_INCIDENTS = "Errors that nobody expected."
NO_PORT_FREE = "No port from {first} to {last} is free. Choose one with --port."
UNUSABLE_FOLDER = (
    "The folder for temporary files cannot be used ({reason}). Set GRADIO_TEMP_DIR to a folder of your own."
)
NOT_OUR_FOLDER = "it belongs to somebody else"
BAD_NUMBER = "{variable} must be a number above 0, such as {default}, or not be set."
FILE_MISSING = "{file} is missing. Restore it from the repo."
NO_RELAY = (
    "The public link cannot be made: Gradio's relay cannot be reached from here. Check the network, or start without "
    "--share."
)
CLOSING = (
    "The studio is being stopped, and your photos and pictures are deleted from it. Open the page again in a few "
    "minutes, and start once more."
)
DISK_FULL = "The server's disk is full, so the photo was not taken. Please try again later, or tell whoever runs it."
