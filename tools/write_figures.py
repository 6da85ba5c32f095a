"""Writes the measured figures and the engine table into README.md and models/builtin/README.md.

Run it after a benchmark has recorded figures, or after a change of the engine table or of the weight table.

    python -m tools.write_figures            # writes both documents
    python -m tools.write_figures --check    # exits with 1 if a document differs from them

Two kinds of places in a document are written anew. Everything else is left as it is.

A block holds a table of TABLES, and below it by which commands, when and where it was measured; or, under the name
"engines", the engine table (`tools.engines_table`); or, under "scorecard", the scorecard (`benchmarks.scorecard`),
or, under "groups", the comparison of groups of people (`tools.groups_table`):

    <!--figures:likeness-->
    ...
    <!--/figures-->

A figure inside a sentence stands behind its template, which `str.format` fills with the entries of figures.json:

    a warp gives the rest, to <!--{head_turn[right]:.2f}-->0.23<!--/--> eye distances
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import figures
from benchmarks.scorecard.table import COMMAND, scorecard_table
from pipelines.paths import ROOT
from tools.engines_table import engines_table
from tools.groups_table import groups_table

DOCUMENTS = (ROOT / "README.md", ROOT / "models" / "builtin" / "README.md")

Rows = Sequence[tuple[str, str]]

LIKENESS: Rows = (
    ("{likeness[people]} people never seen, four pictures each, no picking", "figure"),
    ("a face in the picture", "{likeness[face]} of {likeness[pictures]}"),
    (
        "dlib says: same person as in the selfie / as in a portrait the model never saw",
        "{likeness[dlib_same_as_selfie]} / {likeness[dlib_same_as_portrait]} of {likeness[pictures]}",
    ),
    (
        "nearest of the {likeness[people]} unseen portraits is the right one",
        "{likeness[nearest_portrait_right]} of {likeness[pictures]}",
    ),
    (
        "w600k_mbf cosine to the selfie / to the unseen portrait (two shots of one person: "
        "{likeness[two_shots_cosine_lowest]:.2f} – {likeness[two_shots_cosine_highest]:.2f})",
        "{likeness[cosine_to_selfie]:.2f} / {likeness[cosine_to_portrait]:.2f}",
    ),
    (
        "head in a portrait, chin to hair, as a share of the picture's height; within 38 to 48 %",
        "{likeness[head_height_lowest]:.0%} – {likeness[head_height_highest]:.0%}; {likeness[head_height_right]} of "
        "{likeness[pictures]}",
    ),
    (
        "cheeks off by, worst of {likeness[people]} people",
        "{likeness[cheeks_worst_lightness_difference]:.1f} L*, "
        "{likeness[cheeks_worst_hue_difference_degrees]:.1f} degrees of hue",
    ),
    (
        "hair lighter or darker than in the selfie by, mean and worst of {likeness[people_with_hair]} people",
        "{likeness[hair_mean_lightness_difference]:.1f} and {likeness[hair_worst_lightness_difference]:.1f} L*",
    ),
    (
        "cheeks off by, light, intermediate, and tan to dark skin ({skin_groups[people_light]}, "
        "{skin_groups[people_intermediate]} and {skin_groups[people_tan_to_dark]} people): "
        "the worst group more than all by",
        "{skin_groups[worst_group_lightness_off_by_more]:.1f} L*, "
        "{skin_groups[worst_group_hue_off_by_more]:.1f} degrees of hue",
    ),
    (
        "cheeks off by in headshots of selfies relit (two stops under, one over, tungsten, shade), mean of the worst "
        "of three groups of skin",
        "{relit_photos[worst_lightness]:.1f} L*",
    ),
    (
        "selfies cut through the forehead / whole: headshots with other hair than the selfie's",
        "{cut_photos[cut_with_other_hair]:.0f} / {cut_photos[whole_with_other_hair]:.0f} of "
        "{cut_photos[whole_pictures]:.0f}",
    ),
    (
        "false alarms of the warnings about hair, beard, glasses, skin and coverings on {drift[pairs_alike]} pairs of "
        "shots: the worst of them",
        "{drift[worst_false_alarm_share]:.0%}",
    ),
    (
        "real people, photos with known rights in public packages ({real[people]}): dlib says the same person",
        "{real[dlib_same_as_photo]} of {real[pictures]}",
    ),
    (
        "best of four pictures by likeness: gain in cosine over their mean",
        "{likeness[best_of_four_gain_in_cosine]:.3f}",
    ),
    (
        "several photos instead of one ({photo_count[people]} other people): gain in cosine to a shot set aside",
        "{photo_count[gain_in_cosine]:.3f}",
    ),
    (
        "embedding and words alone (structure 0): nearest portrait right / cosine to the selfie",
        "{adapter[embedding_alone_nearest_portrait_right]} of {adapter[embedding_alone_pictures]} / "
        "{adapter[embedding_alone_cosine_to_selfie]:.2f}",
    ),
    (
        "cosine to the selfie with the dial at 0, 0.25, 0.5, 0.75 and 1; rises every time for",
        "{resemblance[cosine_at_0]:.2f}, {resemblance[cosine_at_0.25]:.2f}, {resemblance[cosine_at_0.5]:.2f}, "
        "{resemblance[cosine_at_0.75]:.2f}, {resemblance[cosine_at_1]:.2f}; "
        "{resemblance[rising]} of {resemblance[people]} people",
    ),
    ("four seeds of one person differ inside the face by", "{seeds[difference_inside_the_face_of_255]:.1f} of 255"),
    (
        "smiling or serious, light or dark backdrop and clothes, turned or lit left or right: told apart, "
        "for the hardest pair",
        "{words[told_apart_fewest_people]} of {words[people]} people",
    ),
    (
        "the asked word's own rule holds: smiling, serious, dark and light backdrop, dark and light clothes, turned "
        "and lit left and right; for the hardest word",
        "{words[rule_holds_fewest_people]} of {words[people]} people",
    ),
    (
        "turn and expression go by the word where the photo shows the opposite",
        "{words[word_against_photo_people]} of {words[people]} people",
    ),
    ("people cut out of {mask[composites]} composites whose alpha is known: overlap", "{mask[overlap_mean]:.2f}"),
)

SPEED: Rows = (
    ("time and memory", "figure"),
    (
        "from the start of the program to the first saved headshot ({speed[runs]} runs)",
        "{speed[first_headshot_seconds_lowest]:.1f} – {speed[first_headshot_seconds_highest]:.1f} s, median "
        "{speed[first_headshot_seconds_median]:.1f} s; once, with nothing in the file cache, "
        "{speed_without_file_cache[first_headshot_seconds]:.0f} s",
    ),
    (
        "each further headshot",
        "{speed[further_headshot_seconds_lowest]:.1f} – {speed[further_headshot_seconds_highest]:.1f} s, median "
        "{speed[further_headshot_seconds_median]:.2f} s",
    ),
    ("peak memory", "{speed[peak_memory_gb]:.1f} GB"),
)

PAGE: Rows = (
    ("the page, in a browser on the same machine ({page[visits]} visits, medians)", "figure"),
    ("first paint", "{page[first_paint_seconds]:.1f} s"),
    (
        "the page, compressed / with Gradio's own files, which a browser keeps",
        "{page[page_kb]:.0f} kB / {page[page_with_everything_kb]:.0f} kB",
    ),
    ("a photo to its card", "{page[photo_to_card_seconds]:.1f} s"),
    ("Generate to the first progress", "{page[click_to_progress_seconds]:.1f} s"),
    ("Cancel to the end of the run", "{page[cancel_seconds]:.1f} s"),
    ("another backdrop for an opened picture", "{page[finished_again_seconds]:.1f} s"),
)

TABLES: Mapping[str, Rows] = {"likeness": LIKENESS, "speed": SPEED, "page": PAGE}
"""Tables by the name in a block's first line: label and figure of each row, the heads first."""
ENGINE_TABLE = "engines"
"""Name of the block that holds the engine table."""
GROUPS = "groups"
"""Name of the block that holds the comparison of groups of people."""
SCORECARD = "scorecard"
"""Name of the block that holds the scorecard."""

COMMANDS = {GROUPS: "python -m benchmarks.likeness --by-group", SCORECARD: COMMAND}
"""Commands that measure what a block shows, for one that holds no figure of the record yet."""

BLOCK = re.compile(r"<!--figures:(\w+)-->\n(?:(?!<!--figures:).)*?<!--/figures-->", re.DOTALL)
INLINE = re.compile(r"<!--(\{[^<>\n]+)-->([^<>\n]*)<!--/-->")
BROKEN = re.compile(r"<!--(\{|/|figures:)")
"""Beginning of a place that neither of the two has matched."""
AT_LINE_START = re.compile(r"^<!--\{", re.MULTILINE)


class FigureError(Exception):
    """A document asks for a figure that was never recorded, or its marks do not close."""


def write(text: str, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a document's text with all its figures as they were recorded.

    Raises:
        FigureError: for an unknown table or figure, a figure that is null, a mark without its other half, or a figure
            at the beginning of a line, where Markdown would take the line for HTML.
    """
    values = {name: entry["figures"] for name, entry in entries.items()}
    text = BLOCK.sub(lambda match: f"<!--figures:{match[1]}-->\n{table(match[1], entries)}\n<!--/figures-->", text)
    text = INLINE.sub(lambda match: f"<!--{match[1]}-->{fill(match[1], values)}<!--/-->", text)
    if AT_LINE_START.search(text):
        raise FigureError("A figure stands at the beginning of a line, where Markdown would take the line for HTML.")
    if left := BROKEN.search(INLINE.sub("", BLOCK.sub("", text))):
        raise FigureError(f"A mark is not closed: {text[left.start() : left.start() + 60]!r}")
    return text


def table(name: str, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Format one of TABLES or the engine table as Markdown, and below it how its figures came about."""
    if name == ENGINE_TABLE:
        rows, used = engines_table(entries)
    elif name == GROUPS:
        rows, used = groups_table(entries)
    elif name == SCORECARD:
        rows, used = scorecard_table(entries), []
    elif name in TABLES:
        values = {key: entry["figures"] for key, entry in entries.items()}
        rows = [[fill(label, values), fill(figure, values)] for label, figure in TABLES[name]]
        used = re.findall(r"\{([\w-]+)\[", " ".join(label + figure for label, figure in TABLES[name]))
    else:
        raise FigureError(
            f"There is no table {name!r}; there are: {', '.join([*TABLES, ENGINE_TABLE, GROUPS, SCORECARD])}."
        )
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    measured = "; ".join(dict.fromkeys(origin(entries[key]) for key in used)) or f"`{COMMANDS[name]}`"
    return "\n".join(["", *lines, "", f"Measured with {measured}.", ""])


def origin(entry: Mapping[str, Any]) -> str:
    """Say in words by which command, when, at which commit and on which machine an entry was measured."""
    by_hand = ", written down by hand" if "recorded" in entry else ""
    return f"`{entry['command']}` on {entry['date']} (commit {entry['commit']}; {entry['machine']}{by_hand})"


def fill(template: str, values: Mapping[str, Mapping[str, Any]]) -> str:
    """Fill one template. Raises FigureError if it names no figure that is there."""
    try:
        return template.format_map(values)
    except (KeyError, TypeError, ValueError) as error:
        raise FigureError(f"There is no figure for {template!r} ({error}).") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the documents; with `--check` the exit code is 1 if one of them differs."""
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("documents", nargs="*", type=Path, default=DOCUMENTS, help="other documents than the two")
    line.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a document differs")
    given = line.parse_args(arguments)
    entries = figures.read()
    different = []
    for document in given.documents:
        text = document.read_text("utf-8")
        if (written := write(text, entries)) != text:
            different.append(document)
            if not given.check:
                document.write_text(written, "utf-8")
    for document in different:
        print(f"{document.name} {'is out of date' if given.check else 'was written'}.")
    return 1 if different and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
