"""Sentences and labels of team runs: on the command line, in the report and in the list of refused rows.

Names in braces are filled in by `str.format`.
"""

# The command line

ABOUT = (
    "Headshots of a whole team: a table (CSV) with a row a person becomes a folder of pictures each, and a report. "
    "Run it again to go on where it was stopped. Use photos of people who gave permission; of adults only."
)
COLUMNS = (
    "Columns of the table: name (or first and last); photos, one or several with ; between, as paths from the table's "
    "folder; and any setting by its name, such as look, backdrop, count or seed. What a row leaves empty is as given "
    "here, else as usual. Further columns can be used in --naming."
)
HELP_TABLE = "the table, a CSV file, also as Excel writes it"
HELP_OUT = "where the folders and the report go; also an address that fsspec knows, such as s3://bucket/folder"
HELP_WORKERS = "how many processes work at once (by the GPUs, else by cores and free memory)"
HELP_NAMING = (
    "names of the pictures, of {{number}}, {{name}}, {{first}}, {{last}}, {{look}}, {{seed}}, {{picture}} and the "
    "table's columns ({default})"
)
HELP_REPLACE = "make the pictures of rows again whose photos or settings have changed; the earlier ones are deleted"
HELP_RAY = "run on a Ray cluster: its address, auto for the one of this machine, or local to start one here"
HELP_SETTING = "of every row that names none, as without `team`"
PROGRESS = "{done} of {total} rows"
TIME_LEFT = ", about {left} left"
MINUTES, SECONDS, HOURS = "{number} min", "{number} s", "{number} h"
SUMMARY = "{made} made, {kept} already there, {refused} refused. Report: {report}"
SEND_BACK = "The refused rows, each with its reason, are in {list}. Correct the table and run the same command again."
STOPPED = "Stopped; the {done} rows that are done are kept. Run the same command to go on."
UNUSED_COLUMNS = "These columns of the table are not used: {columns}."

# Faults of the whole table

NO_TABLE = "The table cannot be read ({reason}). Check its name."
NOT_TEXT = "The table is not text in UTF-8, UTF-16 or Windows-1252. Save it as CSV (UTF-8) and try again."
NO_ROWS = "The table has no rows. Write one line of column names and one line per person."
NO_COLUMN = "The table has no column {column}. Its first line must name the columns: name, photos, and settings."
TWICE = "The column {column} is there twice. Remove one."
TYPO = "The table has a column {column}. Did you mean {guess}? Rename it, or leave it out."
TOO_WIDE = "The table has more than {most} characters in one cell, or is damaged ({reason}). Save it again as CSV."
RUNNING = "Another run works in this folder. Wait until it is done, or choose another folder."
NO_FOLDER = "The folder for the pictures cannot be used ({reason}). Choose another folder."
BAD_WORKERS = "The number of workers must be a whole number from 1 to {most}."
NO_FSSPEC = "The folder {address} cannot be reached ({reason}). Check it, and install what fsspec needs for it."

NO_RAY = (
    "--ray needs the package ray. Install it with: pip install -c constraints.txt -r requirements.txt "
    "-r requirements-ray.txt"
)
NO_CLUSTER = (
    "No Ray cluster lets this machine in at {address}. Start one with: ray start --head; or write --ray local. A "
    "cluster with a token needs RAY_AUTH_MODE=token and the token of its head (ray get-auth-token) in RAY_AUTH_TOKEN."
)

# Faults of the naming scheme

NO_SUCH_NAME = "The naming scheme has {{{name}}}, which no column is called. There are: {names}."
BAD_SCHEME = "The naming scheme {scheme} cannot be read. Write it like {example}."
EMPTY_SCHEME = "The naming scheme makes names without a letter or digit. Write it like {example}."

# Reasons why a row is refused

NO_NAME = "The row has no name. Write one in the column name, or in first and last."
NO_PHOTOS = "The row names no photo. Write the file's name in the column photos."
NOT_A_NUMBER = "“{value}” in the column {column} is no number."
MORE_CELLS = "The row has more cells than there are columns. Put quotes around a cell that has the separator in it."
REPEATED = "The row repeats row {number}: the same name, photos and settings."
OTHER_SETTINGS = (
    "Its folder {folder} holds pictures of other photos or settings. Add --replace to make them again, or choose "
    "another folder."
)
NOT_OURS = "Its folder {folder} is there and holds something else. Move it away, or choose another folder."
NO_URL = "The photo cannot be fetched from its address ({reason}). Check it."
PHOTO_NUMBER = "Photo {number}: {sentence}"
WORKER_DIED = (
    "Its worker was ended {number} times, most likely because memory ran out. Use fewer --workers, and run the table "
    "again."
)
FAULT = "Something went wrong inside ({fault}). Run the table again; if it happens again, please report it."

# The report

TITLE = "Headshots of a team"
REPORT_ABOUT = (
    "This file holds small copies of the pictures, and with them people's faces: pass it on only to those who may see "
    "them. It needs nothing else and loads nothing from elsewhere. Every picture was made by AI."
)
COUNTS = "{rows} rows: {done} with pictures, {refused} refused, {missing} not done yet."
PAGE_OF = "Page {page} of {pages}"
REFUSED, DONE, MISSING = "To send back", "Pictures", "Not done yet"
SEND_BACK_ABOUT = "These rows have no pictures. The same list, to be sent to whoever can correct it, is in {list}."
ROW, NAME, REASON, PHOTOS = "row", "name", "reason", "photos"
LIKENESS = "likeness {cosine} (usual: {low} to {high}). {verdict}"
NO_LIKENESS = "no likeness. {verdict}"
SEED = "seed {seed}"
NO_PICTURE = "The picture is no longer there."
ALT = "{name}, picture {number}"
