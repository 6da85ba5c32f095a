"""Results as the protocol has them: the endpoint's JSON, and of each picture a small copy and the file's address."""

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.requests import Request

from pipelines.provenance.save import mark_packet

LARGEST = 640  # pixels of the copy's longer side
QUALITY = 88  # JPEG's


def content_of(result: Any, request: Request) -> Any:
    """Return an endpoint's result as a `CallToolResult`; files in it become addresses."""
    from mcp import types

    root = str(request.base_url).rstrip("/")
    pictures = result.get("pictures", []) if isinstance(result, dict) else []
    content: list[Any] = [
        types.ImageContent(type="image", data=small_copy(Path(picture["file"]["path"])), mimeType="image/jpeg")
        for picture in pictures
    ]
    told = _with_addresses(result, root)
    content.append(types.TextContent(type="text", text=json.dumps(told, ensure_ascii=False)))
    return types.CallToolResult(content=content, structuredContent=told if isinstance(told, dict) else {"result": told})


def small_copy(file: Path) -> str:
    """Return a small copy of a picture, marked as made by AI, as JPEG in base64."""
    with Image.open(file) as picture:
        copy = picture.convert("RGB")
    copy.thumbnail((LARGEST, LARGEST))
    content = BytesIO()
    copy.save(content, "JPEG", quality=QUALITY, xmp=mark_packet())
    return base64.b64encode(content.getvalue()).decode()


def _with_addresses(value: Any, root: str) -> Any:
    if isinstance(value, list):
        return [_with_addresses(part, root) for part in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("path"), str) and "orig_name" in value:
        return f"{root}/gradio_api/file={value['path']}"
    return {name: _with_addresses(part, root) for name, part in value.items()}
