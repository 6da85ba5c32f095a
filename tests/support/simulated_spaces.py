"""Spaces on a simulated hub: it takes uploads as the real one does, and refuses what the real one refuses.

Refused are writes without the right token, files above 10 MiB and binary files as plain git files, pointers to large
files that never came, and front matter that makes no Space.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from tests.support.simulated_hub import SimulatedHub, git_sha1, send

PLAIN_LIMIT = 10 * 2**20
TOKEN = "hf_" + "simulatedTokenThatMayWrite0123456789"


@dataclass
class Space:
    created: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    """Paths of files outside of git."""
    hardware: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    commits: int = 0


class SimulatedSpaces(SimulatedHub):
    """Hub with Spaces by name, each of an owner that TOKEN may write for."""

    def __init__(self) -> None:
        super().__init__()
        self.spaces: dict[str, Space] = {}
        self.objects: dict[str, bytes] = {}
        """Contents of large files by sha256."""
        self.fails: int | None = None
        """Status of every answer to a write, where a test wants that."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Route one request to a Space; the rest is the hub's."""
        path = unquote(urlsplit(request.path).path).strip("/")
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.command == "PUT" and path.startswith("large/"):
            self.objects[hashlib.sha256(body).hexdigest()] = body
            return send(request, 200)
        if not path.startswith(("api/spaces/", "api/repos/", "api/validate-yaml", "spaces/")):
            return super().answer(request)
        self.log.append(f"{request.command} /{path}")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return reply(request, 401, {"error": "Invalid credentials"})
        if self.fails and request.command == "POST":
            return reply(request, self.fails, {"error": "no"})
        if path == "api/repos/create":
            return self.create(request, json.loads(body))
        if path == "api/validate-yaml":
            return self.validate(request, json.loads(body)["content"])
        name, action = split(path)
        if name not in self.spaces:
            return send(request, 404, {"X-Error-Code": "RepoNotFound"})
        actions = {"preupload": self.preupload, "commit": self.commit, "info": self.batch}
        actions |= {"hardware": self.set_hardware, "variables": self.set_variable}
        if action in actions:
            return actions[action](request, self.spaces[name], body)
        if action == "tree":
            return reply(request, 200, [self.listed(self.spaces[name], path) for path in self.spaces[name].files])
        return reply(request, 200, {"id": name, "sha": f"{self.spaces[name].commits:040x}"})

    def create(self, request: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        """Make an empty Space."""
        name = f"{asked['organization']}/{asked['name']}"
        variables = {one["key"]: one["value"] for one in asked.get("variables", ())}
        files = {".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n", "README.md": b"---\n---\n"}
        space = Space(created=asked, files=files, hardware=asked["hardware"], variables=variables)
        self.spaces[name] = space
        reply(request, 200, {"url": f"{self.endpoint}/spaces/{name}"})

    def validate(self, request: BaseHTTPRequestHandler, readme: str) -> None:
        """Look at a README's front matter."""
        front = yaml.safe_load(readme.split("---\n")[1])
        errors = [] if front.get("sdk") == "gradio" and front.get("app_file") else ["sdk and app_file are needed"]
        errors += ["short_description is longer than 60"] if len(front.get("short_description", "")) > 60 else []
        found = {"errors": [{"message": error} for error in errors], "warnings": []}
        reply(request, 400 if errors else 200, found)

    def preupload(self, request: BaseHTTPRequestHandler, space: Space, body: bytes) -> None:
        """Say how each file is to be stored."""
        modes = []
        for file in json.loads(body)["files"]:
            large = file["size"] > PLAIN_LIMIT or is_binary(base64.b64decode(file["sample"]))
            modes.append({"path": file["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False})
        reply(request, 200, {"files": modes})

    def batch(self, request: BaseHTTPRequestHandler, space: Space, body: bytes) -> None:
        """Say where large files are to be sent, but for those that are here."""
        objects = []
        for wanted in json.loads(body)["objects"]:
            where = {"upload": {"href": f"{self.endpoint}/large/{wanted['oid']}"}}
            objects.append(wanted if wanted["oid"] in self.objects else {**wanted, "actions": where})
        send(request, 200, {"Content-Type": "application/vnd.git-lfs+json"}, json.dumps({"objects": objects}).encode())

    def commit(self, request: BaseHTTPRequestHandler, space: Space, body: bytes) -> None:
        """Change a Space's files, or refuse all of it."""
        files, large = dict(space.files), set(space.large)
        for line in map(json.loads, body.splitlines()):
            kind, value = line["key"], line["value"]
            if kind == "file":
                content = base64.b64decode(value["content"])
                if len(content) > PLAIN_LIMIT or is_binary(content):
                    return reply(request, 400, {"error": f"{value['path']}: larger than 10 MiB, or binary"})
                files[value["path"]] = content
                large.discard(value["path"])
            elif kind == "lfsFile":
                if len(self.objects.get(value["oid"], b"")) != value["size"]:
                    return reply(request, 400, {"error": f"{value['path']}: its content never came"})
                files[value["path"]] = self.objects[value["oid"]]
                large.add(value["path"])
            elif kind == "deletedFile":
                del files[value["path"]]
        space.files, space.large, space.commits = files, large, space.commits + 1
        oid = f"{space.commits:040x}"
        address = f"{self.endpoint}/spaces/{split(urlsplit(request.path).path.strip('/'))[0]}/commit/{oid}"
        reply(request, 200, {"commitUrl": address, "commitOid": oid})

    def set_hardware(self, request: BaseHTTPRequestHandler, space: Space, body: bytes) -> None:
        """Change a Space's hardware."""
        space.hardware = json.loads(body)["flavor"]
        reply(request, 200, {"stage": "BUILDING", "hardware": {"current": None, "requested": space.hardware}})

    def set_variable(self, request: BaseHTTPRequestHandler, space: Space, body: bytes) -> None:
        """Set a variable of a Space."""
        asked = json.loads(body)
        space.variables[asked["key"]] = asked["value"]
        reply(request, 200, {asked["key"]: {"value": asked["value"]}})

    def listed(self, space: Space, path: str) -> dict[str, object]:
        """A file in a listing."""
        content = space.files[path]
        entry: dict[str, object] = {"type": "file", "path": path, "size": len(content), "oid": git_sha1(content)}
        if path in space.large:
            oid = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
        return entry


def split(path: str) -> tuple[str, str]:
    """Name of a Space, and the first word of what is asked of it."""
    owner, name, *rest = path.removeprefix("api/").removeprefix("spaces/").split("/")
    return f"{owner}/{name.removesuffix('.git')}", rest[0] if rest else ""


def is_binary(content: bytes) -> bool:
    """Tell text from the rest, by its beginning."""
    try:
        content[:512].decode()
    except UnicodeDecodeError as error:
        return error.start < min(len(content), 512) - 4  # a character may be cut in two
    return b"\0" in content[:512]


def reply(request: BaseHTTPRequestHandler, status: int, answer: Any) -> None:
    """One answer in JSON."""
    send(request, status, {"Content-Type": "application/json"}, json.dumps(answer).encode())
