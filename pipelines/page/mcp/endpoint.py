"""Endpoint of the Model Context Protocol, behind all doors: whoever calls has a visitor's places and files."""

import asyncio
import html
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import anyio
import gradio as gr
from gradio.blocks import Blocks
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.errors import UserError
from pipelines.page.doors.calls.blocks import StudioBlocks
from pipelines.page.doors.calls.places import Places
from pipelines.page.doors.refusal import Refused
from pipelines.page.doors.routes import MCP
from pipelines.page.error_messages import sentences_only
from pipelines.page.mcp import texts
from pipelines.page.mcp.pictures import content_of
from pipelines.page.mcp.tools import Tool, call, tools_of

NAME = "headshot-studio"
GONE = "mcp_gone"
"""Key of the event in a request's scope that is set when its connection is closed."""


class McpEndpoint:
    """Answers at the route's address; all else goes on to `app`. `blocks()` is there once Gradio is launched."""

    def __init__(self, app: ASGIApp, blocks: Callable[[], Blocks], places: Places):
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # an extra

        self.app, self._blocks, self._places = app, blocks, places
        self._manager = StreamableHTTPSessionManager(
            self._server(), stateless=True, max_request_body_size=MCP[0].body.most
        )
        self._started: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call, or pass the request on."""
        if scope.get("door") not in MCP:
            await self.app(scope, receive, send)
            return
        await self._start()
        gone = scope[GONE] = asyncio.Event()

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                gone.set()
            return message

        await self._manager.handle_request(scope, watched, send)

    async def _start(self) -> None:
        """Let the protocol's tasks live for as long as this loop does."""
        if self._started is None:
            ready = asyncio.Event()

            async def live() -> None:
                async with self._manager.run():
                    ready.set()
                    await asyncio.Event().wait()

            self._started = asyncio.create_task(live())
            await ready.wait()

    def _server(self) -> Any:
        from mcp import types
        from mcp.server.lowlevel import Server

        server: Server[Any, Any] = Server(NAME)

        @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
        async def list_tools() -> list[types.Tool]:
            return [
                types.Tool(name=tool.name, description=tool.about, inputSchema=dict(tool.schema))
                for tool in tools_of(self._blocks()).values()
            ]

        # Without their check of the arguments: its sentence would hold the photo.
        @server.call_tool(validate_input=False)  # type: ignore[untyped-decorator, unused-ignore]
        async def call_tool(name: str, arguments: dict[str, Any]) -> types.CallToolResult:
            context = server.request_context
            token = context.meta.progressToken if context.meta else None

            async def tell(report: dict[str, Any]) -> None:
                if token is not None:
                    await context.session.send_progress_notification(
                        token, report["done"], 1.0, report["stage"], related_request_id=str(context.request_id)
                    )

            assert context.request is not None
            try:
                with sentences_only():
                    result = await self._call(name, arguments, context.request.scope, tell)
                    done: types.CallToolResult = content_of(result, context.request)
                    return done
            except gr.Error as error:
                refused: types.CallToolResult = _refusal(html.unescape(str(error.message)))
                return refused

        return server

    async def _call(self, name: str, arguments: dict[str, Any], scope: Scope, tell: Callable[..., Any]) -> Any:
        """Call a tool as the visitor that the doors have told. Raises UserError and gr.Error."""
        blocks = self._blocks()
        assert isinstance(blocks, StudioBlocks) and blocks.public_api is not None
        tools = tools_of(blocks)
        if name not in tools:
            raise UserError(texts.NO_SUCH_TOOL.format(names=", ".join(tools)))
        tool: Tool = tools[name]
        visitor = scope["visitor"]
        with ExitStack() as stack:
            try:
                stack.enter_context(self._places.take(tool.kind, visitor))
            except Refused as refused:
                raise UserError(refused.message) from None
            session = visitor.session(f"mcp-{secrets.token_hex(8)}")
            course = call(blocks.public_api, tool, tool.check(arguments), visitor, session)
            try:
                return await _last(course, scope[GONE], tell)
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(course.close)  # type: ignore[attr-defined]  # a generator


async def _last(course: Iterator[Any], gone: asyncio.Event, tell: Callable[..., Any]) -> Any:
    """Go through a call's values on other threads, telling its progress; return the last one."""
    end: Any = object()
    last = value = await anyio.to_thread.run_sync(next, course, end)
    told = -1.0
    while value is not end:
        if gone.is_set():
            raise UserError(texts.STOPPED)
        last = value
        if isinstance(value, dict) and value.get("done", -1.0) > told:
            told = value["done"]
            await tell(value)
        value = await anyio.to_thread.run_sync(next, course, end)
    return last


def _refusal(sentence: str) -> Any:
    from mcp import types

    return types.CallToolResult(content=[types.TextContent(type="text", text=sentence)], isError=True)
