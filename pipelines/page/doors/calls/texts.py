"""Description of the API, in English as its names are."""

from pipelines.settings import MAX_PHOTOS

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
