"""The Chromium of the machine, which tests of pages open them in; without one they are skipped."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def launch(playwright: Playwright) -> Browser:
    """A browser that needs neither a user of its own nor much shared memory."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
