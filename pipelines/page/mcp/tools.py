"""Tools: the public endpoints with their arguments as a JSON schema, and calls of them."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradio.blocks import Blocks

from pipelines.errors import UserError
from pipelines.images.decode import MAX_BYTES, Refusal
from pipelines.page import texts as page_texts
from pipelines.page.doors.visitors import SessionName, Visitor
from pipelines.page.mcp import texts
from pipelines.page.sessions import Sessions
from pipelines.settings import MAX_PHOTOS

if TYPE_CHECKING:
    from pipelines.page.public_api import PublicApi

FILE = {"type": "string", "description": texts.PHOTO}


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A public endpoint."""

    name: str
    about: str
    schema: Mapping[str, Any]  # JSON schema of the arguments
    defaults: Mapping[str, Any]  # of the arguments that may be left out
    kind: str  # of the place that a call takes: the endpoint's concurrency_id

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all arguments, with the defaults of those left out. Raises UserError."""
        names = self.schema["properties"]
        for name in given:
            if name not in names:
                raise UserError(texts.UNKNOWN_ARGUMENT.format(tool=self.name, name=name[:40], names=", ".join(names)))
        for name in self.schema["required"]:
            if name not in given:
                raise UserError(texts.MISSING_ARGUMENT.format(tool=self.name, name=name))
        return {**self.defaults, **given}


def tools_of(blocks: Blocks) -> dict[str, Tool]:
    """Return the public endpoints by name; what is the page's own is not among them."""
    endpoints = blocks.get_api_info()["named_endpoints"]
    public = [function for function in blocks.fns.values() if function.api_visibility == "public"]
    functions = {function.api_name: function for function in public if function.api_name}
    return {name: _tool(name, function, endpoints[f"/{name}"]) for name, function in functions.items()}


def _tool(name: str, function: Any, endpoint: Mapping[str, Any]) -> Tool:
    known = endpoint["parameters"]
    schema = {
        "type": "object",
        "properties": {one["parameter_name"]: _schema(one) for one in known},
        "required": [one["parameter_name"] for one in known if not one["parameter_has_default"]],
        "additionalProperties": False,
    }
    defaults = {one["parameter_name"]: one["parameter_default"] for one in known if one["parameter_has_default"]}
    about = function.api_description or ""
    return Tool(name=name, about=about, schema=schema, defaults=defaults, kind=function.concurrency_id or "")


def _schema(parameter: Mapping[str, Any]) -> dict[str, Any]:
    if parameter["parameter_name"] == "photos":
        return {"type": "array", "items": FILE, "minItems": 1, "maxItems": MAX_PHOTOS}
    if parameter["parameter_name"] == "picture":
        return FILE
    left_out = ("$defs", "additional_description")
    schema = {name: value for name, value in parameter["type"].items() if name not in left_out}
    default = {"default": parameter["parameter_default"]} if parameter["parameter_has_default"] else {}
    return {**schema, **default}


def call(
    api: "PublicApi", tool: Tool, arguments: dict[str, Any], visitor: Visitor, session: SessionName
) -> Iterator[Any]:
    """Call a tool; yields reports of progress, then the result. Closing it ends a run. Raises gr.Error, UserError."""
    if tool.name == "looks":
        yield api.looks()
    elif tool.name == "recipe":
        yield api.recipe_in(_file(api.sessions, arguments["picture"], visitor))
    else:
        given = arguments.pop("photos")
        if not isinstance(given, list) or not 1 <= len(given) <= MAX_PHOTOS:
            raise UserError(page_texts.SEND_A_LIST)
        photos = [_file(api.sessions, one, visitor) for one in given]
        if tool.name == "check_photos":
            yield api.look_at(photos, **arguments)
        else:
            yield from api.make(session, photos, **arguments)


def _file(sessions: Sessions, given: Any, visitor: Visitor) -> bytes:
    """Read a file that came in the call, or was uploaded before by the same visitor. Raises UserError."""
    if not isinstance(given, str):
        raise UserError(texts.NOT_BASE64)
    if sessions.uploads.of(visitor, given) is not None:
        return sessions.uploads.read(given, visitor)
    text = given.partition(",")[2] if given.startswith("data:") else given
    if len(text) > MAX_BYTES * 4 / 3 + 4:
        raise UserError(Refusal.TOO_HEAVY)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UserError(texts.NOT_BASE64) from None
