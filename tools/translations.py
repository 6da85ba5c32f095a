"""Bring the catalogues up to date after a change of a sentence: `python -m tools.translations`.

New sentences are added without a translation, a changed one gets the old translation marked as fuzzy, and what the code
no longer says goes. What is left to translate is printed; until then it is English on the page.
"""

import sys
from io import BytesIO

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from pipelines.language.catalogue import FOLDER, LANGUAGES, SOURCE
from tools.sentences import sentences

WIDTH = 120


def update(language: str) -> Catalog:
    """Bring the catalogue of a language up to date, in the order of the code, and return it."""
    file = FOLDER / f"{language}.po"
    with file.open("rb") as old:
        catalog = read_po(old, locale=language)
    template = Catalog(creation_date=catalog.creation_date)
    for (context, text), where in sentences().items():
        template.add(text, context=context or None, locations=[(where, 1)])
    catalog.update(template, update_header_comment=False)
    new = BytesIO()
    write_po(new, catalog, width=WIDTH, include_lineno=False, ignore_obsolete=True)
    file.write_bytes(new.getvalue())
    return catalog


def untranslated(catalog: Catalog) -> list[Message]:
    """Messages that have no translation, or one that nobody has looked at since the English was changed."""
    return [message for message in catalog if message.id and (message.fuzzy or not message.string)]


def main() -> int:
    """Bring all catalogues up to date; the exit code is 1 if something is left to translate."""
    left = 0
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        missing = untranslated(update(language))
        left += len(missing)
        for message in missing:
            print(f"{language}: {message.context or ''} {message.id!r}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
