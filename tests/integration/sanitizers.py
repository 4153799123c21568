"""What cannot be tried on programs that were built with a sanitizer."""

from pathlib import Path
import os

import pytest

_BUILD = Path(os.environ.get("SOAKWATCH_BUILD") or "build/dev").name
_SANITIZED = "san" in _BUILD

measures_memory = pytest.mark.skipif(
    _SANITIZED, reason="a sanitizer takes memory and time of its own")
preloads_a_library = pytest.mark.skipif(
    _SANITIZED, reason="the library of a sanitizer must be loaded first")
