"""A small release, and what the tests of the Hub do with it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub import CommitInfo, CommitOperationAdd, HfApi

from tests.hub.running import Hub

REPO = "lab/tiny"
HEADER = {
    "license": "mit",
    "configs": [{"config_name": "default", "data_files": [{"split": "test", "path": "default/*.parquet"}]}],
}
SHARDS = ("default/test-00000-of-00002.parquet", "default/test-00001-of-00002.parquet")


def parquet(rows: int, text: str = "a kettle") -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(rows)), "text": [text] * rows}), made)
    return made.getvalue()


def readme(**more: Any) -> bytes:
    return f"---\n{json.dumps(HEADER | more)}\n---\n# Tiny\n".encode()


def files(rows: int) -> dict[str, bytes]:
    """A small release; other rows are other bytes in every file."""
    return {"README.md": readme(pretty_name=f"Tiny {rows}")} | {
        path: parquet(rows + n) for n, path in enumerate(SHARDS)
    }


def release(api: HfApi, rows: int, parent: str | None = None) -> CommitInfo:
    operations = [CommitOperationAdd(path, data) for path, data in files(rows).items()]
    return api.create_commit(REPO, operations, commit_message=f"{rows} rows", repo_type="dataset", parent_commit=parent)


def tag(api: HfApi, name: str, oid: str) -> None:
    api.create_tag(REPO, tag=name, revision=oid, repo_type="dataset")


def download(api: HfApi, cache: Path, path: str = SHARDS[0], revision: str = "v1") -> bytes:
    return Path(api.hf_hub_download(REPO, path, repo_type="dataset", revision=revision, cache_dir=cache)).read_bytes()


def head(hub: Hub) -> str:
    return hub.store.refs(REPO, "heads")["main"]
