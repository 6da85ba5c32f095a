"""Theme, CSS and script of the page; its font and small pictures come from this server."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.images.decode import MAX_BYTES
from pipelines.language.catalogue import LANGUAGES, spoken_in
from pipelines.page import texts
from pipelines.page.response.pictures import FONT as FONT_NAME
from pipelines.page.response.pictures import address

HERE = Path(__file__).resolve().parent
FONT = "font-family: Inter; font-weight: 100 900; font-display: swap;"
FONT_FILE = "url({}) format('woff2')"
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif"]
ACCENT = "teal"
ON_PHONES = "@media (max-width: 999px) { .gradio-container > .main.app.app { padding: 14px 12px 110px !important; } }"
"""Room below everything for the bar that lies there. Rules inside @media of Gradio's own css reach no such element."""


def look_picture(look: str) -> str | None:
    """The address of a look's small picture, which `tools.draw_look_thumbnails` draws; None if it has none."""
    return address(f"look-{look}.jpg")


def script(name: str) -> str:
    """A function in JavaScript that the browser runs, from a file of this folder."""
    return (HERE / name).read_text("utf-8").strip()


def appearance(looks: Iterable[str], examples: Sequence[Path]) -> dict[str, Any]:
    """Theme, CSS, head and words of Gradio's own parts, as `launch` takes them."""
    font = f"{FONT} src: {FONT_FILE.format(address(FONT_NAME))};"
    return {
        "theme": _theme(),
        "css": _css(looks, examples),
        "head": f"<style>@font-face {{ {font} }} {ON_PHONES}</style><script>{_page_script()}</script>",
        "i18n": gradios_words(),
    }


def _page_script() -> str:
    page = script("page.js").replace("__LARGEST__", str(MAX_BYTES))
    return "\n".join((page, *(script(f"{name}.js") for name in ("camera", "viewer", "keyboard"))))


def gradios_words() -> gr.I18n:
    """Words of Gradio's own parts that this page has otherwise: those in a box for files."""
    words = {
        "upload_text.drop_file": texts.DROP_FILES,
        "common.or": texts.OR,
        "upload_text.click_to_upload": texts.CHOOSE_FILES,
    }
    return gr.I18n(**{code: {key: str(spoken_in(code, word)) for key, word in words.items()} for code in LANGUAGES})


def _css(looks: Iterable[str], examples: Sequence[Path]) -> str:
    rules = [(HERE / "style.css").read_text("utf-8")]
    pictures = {f"#look label:nth-of-type({k})": look_picture(look) for k, look in enumerate(looks, 1)}
    pictures |= {f"#examples #example-{k}": address(f"example-{file.name}") for k, file in enumerate(examples, 1)}
    rules += [f"{where}::before {{ background-image: url({uri}); }}" for where, uri in pictures.items() if uri]
    return "\n".join(rules)


def _theme() -> gr.themes.Base:
    """Quiet greys that leave the colours to the pictures, and one accent."""
    theme = gr.themes.Base(
        primary_hue=ACCENT,
        secondary_hue=ACCENT,
        neutral_hue="stone",
        radius_size="lg",
        font=["Inter", *SYSTEM_FONTS],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    )
    sizes = {"block_title_text_weight": "550", "block_info_text_size": "12.5px", "form_gap_width": "0px"}
    sizes |= {"button_large_text_weight": "600"}
    both = {
        "block_border_width": "0px",
        "block_background_fill": "transparent",
        "block_shadow": "none",
        "block_label_background_fill": "transparent",
        "block_label_border_width": "0px",
        "button_primary_text_color": "white",
        "button_primary_border_color": "transparent",
        "button_primary_border_color_hover": "transparent",
        "checkbox_label_background_fill": "transparent",
        "checkbox_label_background_fill_hover": "*background_fill_secondary",
        "input_border_width": "1px",
        "input_shadow": "none",
    }
    light = {
        "body_background_fill": "*neutral_100",
        "background_fill_primary": "white",
        "background_fill_secondary": "*neutral_100",
        "body_text_color": "*neutral_900",
        "body_text_color_subdued": "*neutral_600",
        "block_info_text_color": "*neutral_600",
        "block_label_text_color": "*neutral_600",
        "block_title_text_color": "*neutral_900",
        "border_color_primary": "*neutral_200",
        "input_background_fill": "white",
        "input_border_color": "*neutral_300",
        "input_placeholder_color": "*neutral_500",
        "checkbox_label_border_color": "*neutral_300",
        "button_primary_background_fill": "*primary_700",
        "button_primary_background_fill_hover": "*primary_800",
        "button_secondary_background_fill": "*neutral_200",
        "button_secondary_background_fill_hover": "*neutral_300",
        "button_secondary_text_color": "*neutral_900",
        "checkbox_background_color_selected": "*primary_700",
        "checkbox_border_color": "*neutral_500",
        "checkbox_label_background_fill_selected": "*primary_50",
        "checkbox_label_text_color_selected": "*neutral_900",
        "slider_color": "*primary_700",
    }
    dark = {
        "body_background_fill": "*neutral_950",
        "background_fill_primary": "*neutral_900",
        "background_fill_secondary": "*neutral_800",
        "body_text_color": "*neutral_100",
        "body_text_color_subdued": "*neutral_400",
        "block_info_text_color": "*neutral_400",
        "block_label_text_color": "*neutral_400",
        "block_title_text_color": "*neutral_100",
        "border_color_primary": "*neutral_700",
        "input_background_fill": "*neutral_950",
        "input_border_color": "*neutral_700",
        "input_placeholder_color": "*neutral_500",
        "checkbox_label_border_color": "*neutral_700",
        "button_primary_background_fill": "*primary_700",
        "button_primary_background_fill_hover": "*primary_800",
        "button_secondary_background_fill": "*neutral_700",
        "button_secondary_background_fill_hover": "*neutral_600",
        "button_secondary_text_color": "*neutral_100",
        "checkbox_background_color_selected": "*primary_600",
        "checkbox_border_color": "*neutral_500",
        "checkbox_label_background_fill_selected": "*primary_950",
        "checkbox_label_text_color_selected": "*neutral_100",
        "slider_color": "*primary_500",
    }
    for_dark = {f"{name}_dark": value for name, value in (both | dark).items()}
    return theme.set(**sizes, **both, **light, **for_dark)
