"""How files get into a repository and out of it."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.hub.access import Refused, open_files, revision, store_of, writable
from tests.hub.store import Conflict, File, Store

_LARGEST = 10 << 20  # bytes of a regular file; the real Hub refuses more
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SPACE = "datasets/{space}/{name}"


async def preupload(request: Request) -> Response:
    """Which of the files are to be uploaded as LFS objects, and what stands at their paths now."""
    repo, asked = writable(request), await request.json()
    commit = revision(request, repo)
    attributes = commit.tree.get(".gitattributes")
    patterns = _patterns(store_of(request).read(attributes)) if attributes else []
    told = []
    for one in asked["files"]:
        name = one["path"].rpartition("/")[2]
        large = one["size"] > _LARGEST or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
        made = {"path": one["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
        if old := commit.tree.get(one["path"]):
            made["oid"] = old.etag
        told.append(made)
    return JSONResponse({"files": told})


async def lfs_batch(request: Request) -> Response:
    """Where to upload the objects that are not there yet."""
    writable(request)
    asked, objects = await request.json(), []
    for one in asked["objects"]:
        made: dict[str, Any] = {"oid": one["oid"], "size": one["size"]}
        if store_of(request).object(one["oid"]) is None:
            href = f"{request.base_url}_lfs/{one['oid']}"
            made["actions"] = {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}
        objects.append(made)
    return JSONResponse({"transfer": "basic", "objects": objects}, media_type="application/vnd.git-lfs+json")


async def lfs_put(request: Request) -> Response:
    sha256 = request.path_params["sha256"]
    if not store_of(request).upload(sha256, await request.body()):
        raise Refused(400, "The bytes do not have the sha256 they were announced with")
    return Response(headers={"ETag": f'"{sha256}"'})


async def lfs_verify(request: Request) -> Response:
    asked = await request.json()
    kept = store_of(request).object(asked["oid"])
    if kept is None or kept.size != asked["size"]:
        raise Refused(404, "LFS object not found")
    return JSONResponse({})


async def commit(request: Request) -> Response:
    """Lines of JSON: a header, then one operation each."""
    repo, store, branch = writable(request), store_of(request), request.path_params["revision"]
    if branch not in store.refs(repo.id, "heads"):
        raise Refused(404, f"Invalid rev id: {branch}", "RevisionNotFound")
    if request.query_params.get("create_pr"):
        raise Refused(400, "The Hub of the tests has no pull requests")
    lines = [json.loads(line) for line in (await request.body()).splitlines() if line.strip()]
    if not lines or lines[0]["key"] != "header" or not lines[0]["value"].get("summary"):
        raise Refused(400, "The first line must be a header with a summary")
    head = lines[0]["value"]
    message = "\n\n".join(filter(None, (head["summary"], head.get("description"))))
    changes, deleted = _operations(store, revision(request, repo).tree, lines[1:])
    try:
        oid = store.commit(
            repo.id, branch, changes=changes, deleted=deleted, message=message, parent=head.get("parentCommit")
        )
    except Conflict:
        raise Refused(412, "A commit has happened since. Please refresh and try again.") from None
    url = f"{request.base_url}datasets/{repo.id}/commit/{oid}"
    return JSONResponse({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""})


async def resolve(request: Request) -> Response:
    """A file; its bytes come from here, since a redirect to the same host would lose the headers that name it."""
    repo = open_files(request)
    at, path = revision(request, repo), request.path_params["path"]
    file = at.tree.get(path)
    if file is None:
        raise Refused(404, "Entry not found", "EntryNotFound", commit=at.oid)
    headers = {"X-Repo-Commit": at.oid, "ETag": f'"{file.etag}"', "Accept-Ranges": "bytes"}
    if file.sha256:
        headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(file.size)}
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(file.size)})
    start, stop = 0, file.size
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted and any(wanted.groups()):
        start, stop = _span(wanted[1], wanted[2], file.size)
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
        if start >= stop:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{file.size}"})
    data = store_of(request).read(file, start, stop)
    kind = "application/octet-stream" if file.sha256 else "text/plain; charset=utf-8"
    return Response(data, 206 if wanted else 200, headers, media_type=kind)


def _operations(
    store: Store, tree: Mapping[str, File], lines: list[dict[str, Any]]
) -> tuple[dict[str, File | bytes], list[str]]:
    changes: dict[str, File | bytes] = {}
    deleted: list[str] = []
    for line in lines:
        key, value = line["key"], line["value"]
        path = value["path"]
        if key == "deletedFolder":
            deleted += [name for name in tree if name.startswith(f"{path.rstrip('/')}/")]
            continue
        if path.startswith("/") or ".." in path.split("/") or ".git" in path.split("/"):
            raise Refused(400, "Invalid path")
        if key == "file":
            changes[path] = _content(value["content"])
        elif key == "lfsFile":
            kept = store.object(value["oid"])
            if kept is None:
                raise Refused(400, f"LFS pointer pointed to a file that does not exist: {path}")
            changes[path] = kept
        elif key == "deletedFile":
            if path not in tree:
                raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
            deleted.append(path)
        else:
            raise Refused(400, f"Unknown operation: {key}")
    return changes, list(dict.fromkeys(deleted))


def _content(encoded: str) -> bytes:
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise Refused(400, "The content is not base64") from None
    if len(data) > _LARGEST:
        raise Refused(400, "Files larger than 10 MiB must be LFS objects")
    return data


def _patterns(attributes: bytes) -> list[str]:
    return [line.split()[0] for line in attributes.decode().splitlines() if "filter=lfs" in line.split()]


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last bytes
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size


ROUTES = [
    Route("/api/datasets/{space}/{name}/preupload/{revision:path}", preupload, methods=["POST"]),
    Route("/api/datasets/{space}/{name}/commit/{revision:path}", commit, methods=["POST"]),
    Route(f"/{_SPACE}.git/info/lfs/objects/batch", lfs_batch, methods=["POST"]),
    Route(f"/{_SPACE}/resolve/{{revision}}/{{path:path}}", resolve),
    Route("/_lfs/{sha256}", lfs_put, methods=["PUT"]),
    Route("/_lfs/{sha256}/verify", lfs_verify, methods=["POST"]),
]
