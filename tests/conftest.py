"""What every test stands on: no network, repeatable examples, and the folder of shared material."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from steersman import cache

ROOT = Path(__file__).parents[1]

# `ci` finds the same examples everywhere; `nightly` searches: HYPOTHESIS_PROFILE=nightly.
# Deadlines are off because the first call of a numba kernel compiles it.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=100,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def own_kernels(worker: str | None) -> None:
    """Let each worker of a test run keep its own compiled kernels.

    Two processes that compile a function for different arrays at one time may each save theirs
    under the name that the other's index gives: the compiler's cache has no lock.
    """
    cache.keep_kernels()
    folder = os.environ[cache.VARIABLE]
    if worker is not None and not folder.endswith(worker):
        os.environ[cache.VARIABLE] = f"{folder}-{worker}"
        numba = sys.modules.get("numba")
        if numba is not None:
            numba.config.CACHE_DIR = os.environ[cache.VARIABLE]


own_kernels(os.environ.get("PYTEST_XDIST_WORKER"))


class NetworkBlocked(RuntimeError):
    """A test tried to leave this machine; not an OSError, so that no retry swallows it."""


def is_local(host: object) -> bool:
    """Tell whether a host name or address stays on this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).split("%")[0]).is_loopback
    except ValueError:
        return False


def block_network() -> None:
    """Make every way out of this process but loopback raise `NetworkBlocked`."""

    def refuse(host: object) -> None:
        if not is_local(host):
            raise NetworkBlocked(f"tests reach no network: {host!r}")

    def guard(call: Any) -> Any:
        def guarded(self: socket.socket, *args: Any) -> Any:
            address = args[-1]  # a tuple, or the path of a Unix socket
            refuse(address[0] if isinstance(address, tuple) else None)
            return call(self, *args)

        return guarded

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse(host)
        return ask(host, *args, **kwargs)

    ask = socket.getaddrinfo
    socket.getaddrinfo = look_up
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, guard(getattr(socket.socket, name)))
    os.environ["PIP_NO_INDEX"] = "1"  # for the processes that tests start


block_network()


def find_shared(root: Path, environment: dict[str, str]) -> Path:
    """Find the shared material beside the tree; in CI its absence is a failure, not a skip."""
    folder = root.parent / "shared"
    if not folder.is_dir():
        why = f"no shared material: put its folder at {folder}"
        if environment.get("CI") == "true":
            pytest.fail(why, pytrace=False)
        pytest.skip(why)
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded data, vectors and fixtures beside the repository."""
    return find_shared(ROOT, dict(os.environ))


@pytest.fixture
def model_requests() -> Iterator[None]:
    """Let a test ask models over HTTP: on loopback, for the network is blocked all the same."""
    from pydantic_ai.models import override_allow_model_requests

    with override_allow_model_requests(True):
        yield
