"""Sentences and labels that people read on the page.

Names in braces are filled in by `format`; "{name!l}" begins with a small letter. Nothing else in `pipelines.page` or
`app.py` holds a sentence. Labels of fields, looks, engines and settings stand in their own tables. All of them are
translated in `pipelines/language`: after a change, `python -m tools.translations`.
"""

from pipelines.language.sentence import Sentence, as_sentences
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

LOG_OUT = "Log out"

# Photos

YOUR_PHOTOS = "Your photos"
PHOTOS_LABEL = Sentence("1 to {most} photos of one person").format(most=MAX_PHOTOS)
PHOTOS_ENOUGH = Sentence("1 to {most} photos of one person. One good photo is enough; more add a little.").format(
    most=MAX_PHOTOS
)
DROP_FILES, OR, CHOOSE_FILES = "Drop pictures here", "or", "click to choose"
CAMERA, CAMERA_SHOOT = "Use the camera", "Take the photo"
CAMERA_HINT = "Light from the front, at arm's length, the whole head in the picture."
CAMERA_MARKS = (
    "While this is open, up to three small pictures a second go to this server, which marks eyes, nose and mouth in "
    "them and keeps none."
)
CAMERA_UNTICKED = (
    "Nothing is sent before you take the photo. Tick the box on the page first, and eyes, nose and mouth are marked "
    "here meanwhile."
)
CAMERA_OWN = "The phone's own camera"
CAMERA_REFUSED = "The browser was told not to give the camera. Allow it beside the page's address, or choose a file."
CAMERA_MISSING = "No camera could be opened. Plug one in, close other programs that use it, or choose a file."
CAMERA_INSECURE = "Browsers give the camera only to pages with https, or of this machine itself. Choose a file instead."
GOOD_SELFIE = "A good selfie: seven things to look at"
GOOD_SELFIE_PAIRS = {
    "light": ("Light", "from the front", "against the light"),
    "straight": ("Straight", "into the camera", "turned away"),
    "distance": ("Distance", "an arm's length", "too far"),
    "near": ("Nearness", "an arm's length", "too near: a large nose"),
    "face": ("Face", "free", "dark glasses, a mask"),
    "hair": ("Hair", "all in the picture", "cut by the edge"),
    "sharp": ("Sharpness", "still and sharp", "blurred"),
}
"""By the name of the pictures: title, what is good, what is not."""
GOOD_SELFIE_EXAMPLES = "These people do not exist. One good photo is enough; a second or third adds a little."
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
NO_PHOTO = Sentence(
    "Please add a photo first: 1 to {most} of one person. One that is still on its way appears in a moment."
).format(most=MAX_PHOTOS)
LEFT_OUT = "{file} is left out. {reason}"
REFUSED_ON_THE_WAY = (
    "The photo is larger than what is let through to this studio. Use a smaller copy of it; whoever runs a proxy "
    "before the studio can raise the proxy's limit."
)
NOT_ALL_TAKEN = "At most {most} photos are used: {number} more were left out. Remove one to make room."
REPLACE_YOUR_PHOTOS = "The example would take the place of your own photos."
REPLACE, KEEP_MINE = "Take the example", "Keep my photos"
TOO_MANY_PHOTOS = Sentence("At most {most} photos are used. Remove one before you add another.").format(most=MAX_PHOTOS)
STUDIO_FULL = "The studio is full at the moment. Please try again in half an hour."

# Look and words

THE_LOOK = "The look"
CUT_ABOUT = "It is never guessed from a face. Both gives you two pictures of four in each."
MORE_LOOKS, MORE_LOOKS_ABOUT = "Also in these looks", "All in one run, as many pictures of each."
CHOICE_OF_LOOK = "{choice} (look)"
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
KNOWN_FIELD = "{field!l}"
KNOWN_PHRASES = "Everyday phrases that say the same"

# Engine and settings

ENGINE_AND_SETTINGS = "Engine and settings"
AUTOMATIC = "Automatic ({engine})"
ENGINE_TO_FETCH = "{engine} ({size} to fetch)"
NOT_HERE = "Not on this machine yet: {size} to download. Generate fetches it first, or the command"
YOU_CHOSE_IT = "you chose it"
LICENCE = "Licence:"
AT_WORK = "Use at work:"
USE_AT_WORK = {"yes": "yes.", "no": "no.", "ask": "ask."}
WHY_THIS_ENGINE = "Why this one: {reason}."
COUNT = "How many pictures"
SEED, SEED_EXAMPLE = "Seed", "empty: by chance"
ROLL = "⚄ Roll"
BAD_SEED = "The seed must be a whole number, or empty for other pictures each time."
ADVANCED = "Advanced: the separate weights, guidance, steps"
EARLIER_SETTINGS = "Use the settings of an earlier headshot"
EARLIER_PICTURE = "A picture as it was downloaded from here"
SETTINGS_IN_PLACE = "The settings of that picture are in place; with the same photos they make it again."
SETTINGS_MOVED = (
    "The settings of that picture are in place, but {settings}: the page offers only numbers that give usable pictures "
    "with this engine. The command line makes that picture again."
)

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
PICTURE_AT_HAND = "Picture {number} of {count}: {stage!l}"
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
VIEW_HOW = "Click a picture to see it large, and round and small as others will. Hold it to see your selfie instead."
HOLD = "Hold: your selfie"
NO_SELFIE = "None of your photos can be laid in its place."
VIEWER, FIT, ZOOM_OUT, ZOOM_IN, ZOOM = "Full size", "Fit", "Smaller", "Larger", "{percent} %"
ROUND_PROFILE, SMALL_CHAT = "Round, in a profile", "Small, in a chat"
COMPARE_HOW = "Drag the line: your selfie on the left, the headshot on the right."
OTHER_FIELD = "Other {field!l}"
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
SIZE = "{name} {width}×{height}"
SIZES = {
    "linkedin": "LinkedIn",
    "cv": "CV, 300 dpi",
    "square": "Square",
    "portrait-4x5": "Portrait",
    "portrait-large": "Portrait large",
    "avatar": "Avatar",
    "avatar-round": "Round avatar",
}
ALL_AS_ZIP = "Download all (zip)"
LIKENESS_MEANS = (
    "Likeness is the cosine between the face in the picture and yours, as a face recogniser sees them, next to what is "
    "usual for {basis}. It sees the face alone: look at hair, collar, ears and glasses yourself. Every file carries a "
    "mark that says it was made by AI, and its recipe."
)

# Refusals

SEND_A_LIST = Sentence("Send a list of 1 to {most} files.").format(most=MAX_PHOTOS)
CLOSING = (
    "The studio is being stopped, and your photos and pictures are deleted from it. Open the page again in a few "
    "minutes, and start once more."
)
DISK_FULL = "The server's disk is full, so the photo was not taken. Please try again later, or tell whoever runs it."
UNUSABLE_FOLDER = (
    "The folder for temporary files cannot be used ({reason}). Set GRADIO_TEMP_DIR to a folder of your own."
)
NOT_OUR_FOLDER = "it belongs to somebody else"

as_sentences(globals())
