"""Headers of every answer: what the browser may do with it, and that it keeps none of it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SPACES = ("https://huggingface.co", "https://*.huggingface.co", "https://*.hf.space")
RESIZER = "https://cdnjs.cloudflare.com"  # Gradio's page loads iframe-resizer from there, which a Space's frame needs
POLICY = {
    "default-src": ("'self'",),
    "script-src": ("'self'", "'unsafe-inline'", "'unsafe-eval'"),  # Gradio's page, and its events in JavaScript
    "style-src": ("'self'", "'unsafe-inline'"),
    "img-src": ("'self'", "data:", "blob:"),
    "font-src": ("'self'", "data:"),
    "connect-src": ("'self'",),
    "worker-src": ("'self'", "blob:"),
    "object-src": ("'none'",),
    "base-uri": ("'self'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'self'",),
}
"""Content security policy: https://www.w3.org/TR/CSP3/"""
ON_A_SPACE = {
    "script-src": (*POLICY["script-src"], RESIZER),
    "frame-ancestors": ("'self'", *SPACES),
}


def policy(*, on_space: bool = False) -> str:
    """Return the content security policy; a Space's page is shown inside Hugging Face's."""
    parts = {**POLICY, **(ON_A_SPACE if on_space else {})}
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in parts.items())


class SecurityHeaders:
    """Sets the headers, whoever answers."""

    def __init__(self, app: ASGIApp, *, on_space: bool = False):
        self.app = app
        self.headers = {
            "content-security-policy": policy(on_space=on_space),
            "x-content-type-options": "nosniff",
            "permissions-policy": "camera=(self), microphone=(), geolocation=()",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
        }
        if not on_space:
            self.headers["x-frame-options"] = "SAMEORIGIN"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and set the headers of its answer."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                route = scope.get("door")
                if route is None or not route.static:
                    headers["cache-control"] = "no-store"
            await send(message)

        await self.app(scope, receive, answer)
