"""Where things are kept that can be made again: the model's weights, the compiled kernels.

Compiled kernels are cached in a folder named by a hash of all kernel sources. The compiler's own
cache notices only a change of the caller's file, not of what it calls or of the constants compiled
into it; a stale kernel would be wrong without a word.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["cache_dir", "keep_kernels"]

KERNEL_FOLDERS: Final = ("marketdata", "venues")
VARIABLE: Final = "NUMBA_CACHE_DIR"


def cache_dir() -> Path:
    """Return the cache's folder: STEERSMAN_CACHE, or steersman in the user's cache folder."""
    own = os.environ.get("STEERSMAN_CACHE")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "steersman"


def keep_kernels() -> None:
    """Point the compiler at the cache of exactly these sources, unless someone chose another."""
    if VARIABLE in os.environ:
        return
    folder = str(cache_dir() / "kernels" / _sources_hash())
    os.environ[VARIABLE] = folder
    numba = sys.modules.get("numba")
    if numba is not None:  # imported before us: it has read the variable already
        numba.config.CACHE_DIR = folder


def _sources_hash() -> str:
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for folder in KERNEL_FOLDERS:
        for path in sorted((here / folder).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
