"""Calls: a request to one of Gradio's endpoints, read and checked before Gradio sees it.

Gradio looks up whatever a body names without asking whether it is there, and lets anybody call what is the page's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradio.block_function import BlockFunction
from gradio.blocks import Blocks

from pipelines.page.doors import texts
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.routes import API
from pipelines.page.doors.visitors import NAME, Visitor

DEEPEST = 20  # lists and objects inside each other; the page sends five
PUBLIC = "public"
KINDS: dict[str, tuple[type, ...]] = {
    "session_hash": (str,),
    "event_id": (str,),
    "fn_index": (int,),
    "trigger_id": (int,),
    "simple_format": (bool,),
    "oauth_token": (str,),
}
"""Types of the parts of a body beside its data; each may be left out, and all but `simple_format` be None."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """An endpoint of the page or the API, and who calls it in which session (None: one of the call's own)."""

    function: BlockFunction
    session: str | None
    data: Any


def read_json(body: bytes) -> dict[str, Any]:
    """Read a body as a JSON object. Raises Refused."""
    try:
        given = json.loads(body)
        json.dumps(given, ensure_ascii=False).encode()  # half a character cannot be sent back
    except (ValueError, RecursionError) as error:
        raise Refused(400, texts.NOT_JSON) from error
    if not isinstance(given, dict) or _depth(given) > DEEPEST:
        raise Refused(400, texts.NOT_JSON)
    return given


def read_call(path: str, given: Mapping[str, Any], blocks: Blocks, visitor: Visitor) -> Call:
    """Tell which endpoint a body calls. Raises Refused where it is not there, not for this visitor, or miscalled."""
    way, _, name = path.removeprefix(f"{API}/").rpartition("/")
    by_name = way == "call/v2"
    if not by_name:
        check_parts(given)
    function = _function(blocks, name, None if way.startswith("call") else given.get("fn_index"))
    session = None if by_name else given.get("session_hash")
    _allow(function, session, visitor)
    if way in ("run", "api") and function.queue:
        raise Refused(400, texts.IN_THE_QUEUE.format(name=function.api_name))
    data = _named(blocks, name, given) if by_name else _listed(function, given)
    return Call(function=function, session=session, data=data)


def check_parts(given: Mapping[str, Any]) -> None:
    """Check the parts of a body beside its data. Raises Refused."""
    for part, kinds in KINDS.items():
        value = given.get(part)
        if value is None and (part != "simple_format" or part not in given):
            continue
        if type(value) not in kinds or (part == "session_hash" and not NAME.fullmatch(str(value))):
            raise Refused(400, texts.BAD_PART.format(part=part))
    if given.get("batched"):
        raise Refused(400, texts.BAD_PART.format(part="batched"))


def _function(blocks: Blocks, name: str, index: int | None) -> BlockFunction:
    functions = blocks.fns
    if index is not None:
        found = functions.get(index)
    else:
        found = next((function for function in functions.values() if function.api_name == name), None)
    if found is None or found.fn is None:
        raise Refused(404, texts.NO_SUCH_CALL.format(names=_public(blocks)))
    return found


def _allow(function: BlockFunction, session: str | None, visitor: Visitor) -> None:
    """Only a page that this server handed out, in a session that it named, may call what belongs to the page."""
    if function.api_visibility != PUBLIC and (not visitor.page or session is None):
        raise Refused(403, texts.PAGE_ONLY)


def _listed(function: BlockFunction, given: Mapping[str, Any]) -> list[Any]:
    data = given.get("data")
    wanted = len(function.inputs)
    if not isinstance(data, list):
        raise Refused(400, texts.NO_DATA.format(name=function.api_name, wanted=wanted))
    if len(data) != wanted:
        raise Refused(400, texts.WRONG_NUMBER.format(name=function.api_name, wanted=wanted, given=len(data)))
    return data


def _named(blocks: Blocks, name: str, given: Mapping[str, Any]) -> list[Any]:
    endpoint = blocks.get_api_info()["named_endpoints"].get(f"/{name}")
    if endpoint is None:
        raise Refused(404, texts.NO_SUCH_CALL.format(names=_public(blocks)))
    parameters = endpoint["parameters"]
    names = [parameter["parameter_name"] for parameter in parameters]
    required = [parameter["parameter_name"] for parameter in parameters if not parameter["parameter_has_default"]]
    if not set(required) <= set(given) <= set(names):
        raise Refused(400, texts.WRONG_NAMES.format(name=name, names=", ".join(names), required=", ".join(required)))
    return list(given.values())


def _public(blocks: Blocks) -> str:
    names = [function.api_name for function in blocks.fns.values() if function.api_visibility == PUBLIC]
    return ", ".join(f"/{name}" for name in names)


def _depth(value: Any) -> int:
    deepest, rest = 0, [(value, 1)]
    while rest:
        inside, depth = rest.pop()
        deepest = max(deepest, depth)
        if depth > DEEPEST:
            return depth
        parts = inside.values() if isinstance(inside, dict) else inside if isinstance(inside, list) else ()
        rest += [(part, depth + 1) for part in parts]
    return deepest
