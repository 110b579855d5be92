"""A place at a URL of any file system that fsspec knows, with the few ways of a path that reading needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from demur.errors import FetchError
from demur.files.remote import MAX_BYTES, _failed, _system, named


@dataclass(frozen=True)
class Stored:
    """A file or folder at a URL.

    Example:
        >>> place = Stored("s3://bucket/mirror/") / "a.csv"
        >>> str(place), place.name, place.networked
        ('s3://bucket/mirror/a.csv', 'a.csv', True)
    """

    url: str

    def __truediv__(self, below: str) -> Stored:
        return Stored(f"{self.url.rstrip('/')}/{below}")

    def __str__(self) -> str:
        return named(self.url)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return named(self.url).rstrip("/").rpartition("/")[2]

    @property
    def networked(self) -> bool:
        """Whether it lies on another machine."""
        return urlsplit(self.url).scheme not in ("file", "local", "memory")

    def exists(self) -> bool:
        """Whether something is there.

        Raises:
            FetchError: nobody answers, or one may not look.
        """
        return self._info() is not None

    def is_file(self) -> bool:
        """Whether it is a file.

        Raises:
            FetchError: nobody answers, or one may not look.
        """
        info = self._info()
        return info is not None and info.get("type") == "file"

    def glob(self, pattern: str) -> list[Stored]:
        """What lies in it, by name; the one pattern is ``*``."""
        assert pattern == "*"  # noqa: S101 - no other is asked for
        fs, path = _system(self.url)
        try:
            found = fs.ls(path, detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except Exception as error:  # every file system has errors of its own
            raise self._unreached(error) from error
        return [self / name for name in sorted(str(each).rstrip("/").rpartition("/")[2] for each in found)]

    def read_bytes(self, most: int = MAX_BYTES) -> bytes:
        """What a file holds.

        Raises:
            FetchError: it is not there, cannot be read, or is larger than ``most`` bytes.
        """
        fs, path = _system(self.url)
        try:
            with fs.open(path, "rb") as file:
                data = bytes(file.read(most + 1))
        except FileNotFoundError as error:
            msg = "There is no such file in the store"
            raise FetchError(msg, where=self) from error
        except Exception as error:  # every file system has errors of its own
            raise self._unreached(error) from error
        if len(data) > most:
            msg = "The file is too large"
            raise FetchError(msg, where=self, expected=f"at most {most} bytes")
        return data

    def _info(self) -> dict[str, Any] | None:
        fs, path = _system(self.url)
        try:
            return dict(fs.info(path))
        except FileNotFoundError as error:
            if isinstance(found := _failed(str(self), error), FetchError):  # nobody answered, as fsspec calls it
                raise found from error
            return None
        except Exception as error:  # every file system has errors of its own
            raise self._unreached(error) from error

    def _unreached(self, error: Exception) -> FetchError:
        msg = "The store cannot be read"
        cause = error.__cause__ or error
        return FetchError(msg, where=self, got=type(cause).__name__, fix="Check the address and your access to it.")
