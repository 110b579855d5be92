"""Files of a data set on the Hugging Face Hub at a full commit, through its own client (never ``load_dataset``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from demur.errors import FetchError
from demur.files.kept import Cache
from demur.sources.carriers.carrier import Carrier, Exact


class Hub(Carrier):
    """Files of a data set, at ``owner/name``."""

    order = 30
    address = r"^[\w.-]+/[\w.-]+$"

    def head(self, address: str, cache: Cache) -> Exact:
        """The newest commit, as the client sees it."""
        from huggingface_hub import HfApi

        try:
            sha = HfApi().dataset_info(address, timeout=10).sha
        except Exception as error:  # the client's HTTP library, and with it the error, differs between its releases
            msg = "the Hub could not be reached"
            raise FetchError(msg, where=f"{self.scheme}:{address}", got=type(error).__name__) from error
        return Exact(sha or "")

    def fetch(self, address: str, exact: Exact, files: Mapping[str, str | None], cache: Cache) -> dict[str, bytes]:
        """The files, through the client's own cache."""
        from huggingface_hub import hf_hub_download

        try:
            return {
                name: Path(hf_hub_download(address, name, repo_type="dataset", revision=exact.revision)).read_bytes()
                for name in files
            }
        except Exception as error:  # the client's HTTP library, and with it the error, differs between its releases
            msg = "The Hub did not give the file"
            raise FetchError(msg, where=f"{self.scheme}:{address}", got=type(error).__name__) from error

    def page(self, address: str) -> str:
        """The data set's page."""
        return f"https://huggingface.co/datasets/{address}"
