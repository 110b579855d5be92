"""What the Hub says about repositories, and how they are made and set up."""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.access import Refused, caller, open_files, readable, revision, store_of, writable, writer
from tests.hub.cards import header_of, validate
from tests.hub.store import Commit, Conflict, File, Store

_GATES = {False: None, "auto": "auto", "manual": "manual"}
_REPO = "/api/datasets/{space}/{name}"


async def whoami(request: Request) -> Response:
    user = caller(request)
    if user is None:
        raise Refused(401, "Invalid username or password.")
    role = "write" if user.writes else "read"
    token = {"displayName": "test", "role": role}
    return JSONResponse(
        {"type": "user", "name": user.name, "orgs": [], "auth": {"type": "access_token", "accessToken": token}}
    )


async def create(request: Request) -> Response:
    user, asked = writer(request), await request.json()
    repo = f"{asked.get('organization') or user.name}/{asked['name']}"
    url = f"{request.base_url}datasets/{repo}"
    try:
        store_of(request).create(repo, private=asked.get("visibility") == "private")
    except Conflict:
        return JSONResponse({"error": "You already created this dataset repo", "url": url}, 409)
    return JSONResponse({"url": url, "name": repo})


async def validate_yaml(request: Request) -> Response:
    errors, warnings = validate((await request.json())["content"])
    said = {"errors": [{"message": text} for text in errors], "warnings": [{"message": text} for text in warnings]}
    return JSONResponse(said, 400 if errors else 200)


async def settings(request: Request) -> Response:
    repo, asked = writable(request), await request.json()
    gated, seen = asked.get("gated", repo.gated or False), asked.get("visibility")
    if gated not in _GATES or seen not in (None, "private", "public"):
        raise Refused(400, "Unknown value of a setting")
    private = repo.private if seen is None else seen == "private"
    store_of(request).settings(repo.id, private=private, gated=_GATES[gated])
    return JSONResponse({"gated": gated, "visibility": "private" if private else "public"})


async def info(request: Request) -> Response:
    repo = readable(request)
    commit, blobs = revision(request, repo), request.query_params.get("blobs")
    return JSONResponse(
        {
            "_id": hashlib.sha256(repo.id.encode()).hexdigest()[:24],
            "id": repo.id,
            "author": repo.id.partition("/")[0],
            "sha": commit.oid,
            "createdAt": store_of(request).history(repo.id, commit.oid)[-1].date,
            "lastModified": commit.date,
            "private": repo.private,
            "gated": repo.gated or False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "cardData": _card(store_of(request), commit),
            "siblings": [_sibling(path, file, bool(blobs)) for path, file in commit.tree.items()],
        }
    )


async def refs(request: Request) -> Response:
    repo, store = readable(request), store_of(request)
    named = {
        plural: [
            {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid}
            for name, oid in store.refs(repo.id, kind).items()
        ]
        for plural, kind in (("branches", "heads"), ("tags", "tags"))
    }
    return JSONResponse({**named, "converts": [], "pullRequests": []})


async def commits(request: Request) -> Response:
    repo = readable(request)
    history = store_of(request).history(repo.id, revision(request, repo).oid)
    return JSONResponse(
        [
            {"id": one.oid, "authors": [{"user": "writer"}], "date": one.date, "title": one.message, "message": ""}
            for one in history
        ]
    )


async def tree(request: Request) -> Response:
    files = revision(request, readable(request)).tree
    below = request.path_params.get("path", "").strip("/")
    deep = request.query_params.get("recursive", "").lower() in ("true", "1")
    start = f"{below}/" if below else ""
    folders: set[str] = set()
    found = []
    for path, file in files.items():
        if path.startswith(start):
            parts = path[len(start) :].split("/")
            folders.update("/".join(parts[:n]) for n in range(1, len(parts)) if deep or n == 1)
            if deep or len(parts) == 1:
                found.append(described(path, file))
    if below and not folders and not found:
        raise Refused(404, f"{below} does not exist", "EntryNotFound")
    return JSONResponse([_folder(start + name) for name in sorted(folders)] + found)


async def paths_info(request: Request) -> Response:
    files = revision(request, readable(request)).tree
    found = []
    async with request.form() as form:
        asked = [str(path).strip("/") for path in form.getlist("paths")]
    for path in asked:
        if path in files:
            found.append(described(path, files[path]))
        elif any(name.startswith(f"{path}/") for name in files):
            found.append(_folder(path))
    return JSONResponse(found)


async def tag(request: Request) -> Response:
    repo, store = writable(request), store_of(request)
    if request.method == "DELETE":
        if not store.unname(repo.id, "tags", request.path_params["revision"]):
            raise Refused(404, "Tag not found", "RevisionNotFound")
        return JSONResponse({})
    name = (await request.json())["tag"]
    try:
        store.name(repo.id, "tags", name, revision(request, repo).oid)
    except Conflict:
        raise Refused(409, f"Tag reference exists already: refs/tags/{name}") from None
    return JSONResponse({})


async def branch(request: Request) -> Response:
    repo, store, name = writable(request), store_of(request), request.path_params["revision"]
    if request.method == "DELETE":
        if name == "main" or not store.unname(repo.id, "heads", name):
            raise Refused(404, "Branch not found", "RevisionNotFound")
        return JSONResponse({})
    start = store.resolve(repo.id, (await request.json()).get("startingPoint", "main"))
    if start is None:
        raise Refused(404, "Invalid starting point", "RevisionNotFound")
    try:
        store.name(repo.id, "heads", name, start.oid)
    except Conflict:
        raise Refused(409, f"Reference already exists: refs/heads/{name}") from None
    return JSONResponse({})


async def auth_check(request: Request) -> Response:
    open_files(request)
    if request.url.path.endswith("/write"):
        writable(request)
    return JSONResponse({})


def described(path: str, file: File) -> dict[str, Any]:
    """A file as the tree lists it."""
    told: dict[str, Any] = {"type": "file", "path": path, "oid": file.oid, "size": file.size}
    if file.sha256:
        told["lfs"] = {"oid": file.sha256, "size": file.size, "pointerSize": _pointer_size(file)}
    return told


def _sibling(path: str, file: File, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    told: dict[str, Any] = {"rfilename": path, "blobId": file.oid, "size": file.size}
    if file.sha256:
        told["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": _pointer_size(file)}
    return told


def _pointer_size(file: File) -> int:
    return len(f"version https://git-lfs.github.com/spec/v1\noid sha256:{file.sha256}\nsize {file.size}\n")


def _folder(path: str) -> dict[str, Any]:
    oid = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    return {"type": "directory", "path": path, "oid": oid, "size": 0}


def _card(store: Store, commit: Commit) -> dict[str, Any]:
    readme = commit.tree.get("README.md")
    try:
        return (header_of(store.read(readme).decode()) or {}) if readme else {}
    except ValueError:
        return {}


ROUTES = [
    Route("/api/whoami-v2", whoami),
    Route("/api/repos/create", create, methods=["POST"]),
    Route("/api/validate-yaml", validate_yaml, methods=["POST"]),
    Route(f"{_REPO}/settings", settings, methods=["PUT"]),
    Route(f"{_REPO}/refs", refs),
    Route(f"{_REPO}/auth-check", auth_check),
    Route(f"{_REPO}/auth-check/write", auth_check),
    Route(f"{_REPO}/revision/{{revision:path}}", info),
    Route(f"{_REPO}/commits/{{revision:path}}", commits),
    Route(f"{_REPO}/paths-info/{{revision:path}}", paths_info, methods=["POST"]),
    Route(f"{_REPO}/tag/{{revision:path}}", tag, methods=["POST", "DELETE"]),
    Route(f"{_REPO}/branch/{{revision:path}}", branch, methods=["POST", "DELETE"]),
    Route(f"{_REPO}/tree/{{revision}}", tree),
    Route(f"{_REPO}/tree/{{revision}}/{{path:path}}", tree),
    Route(_REPO, info),
]
