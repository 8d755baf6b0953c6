"""The ground rules hold: no way out of this machine, and nothing is skipped in CI."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.conftest import NetworkBlocked, find_shared, is_local

ELSEWHERE = ("192.0.2.1", 9)  # TEST-NET-1: reserved for documentation, never assigned


def test_tcp_is_blocked() -> None:
    with socket.socket() as s:
        with pytest.raises(NetworkBlocked):
            s.connect(ELSEWHERE)
        with pytest.raises(NetworkBlocked):
            s.connect_ex(ELSEWHERE)


def test_udp_is_blocked() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        with pytest.raises(NetworkBlocked):
            s.sendto(b"x", ELSEWHERE)
        with pytest.raises(NetworkBlocked):
            s.sendto(b"x", 0, ELSEWHERE)


def test_names_are_not_looked_up() -> None:
    with pytest.raises(NetworkBlocked):
        socket.getaddrinfo("venue.example", 443)
    with pytest.raises(NetworkBlocked):
        socket.create_connection(("venue.example", 443))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            assert client.getpeername() == server.getsockname()


def test_unix_sockets_are_open(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        (b"localhost", True),
        (None, True),
        ("10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("localhost.example", False),
        (b"venue.example", False),
    ],
)
def test_is_local(host: object, local: bool) -> None:
    assert is_local(host) is local


def test_started_processes_have_no_index() -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "steersman-is-not-there"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "no matching distribution" in done.stderr.lower()
    assert os.environ["PIP_NO_INDEX"] == "1"


def test_shared_is_found_beside_the_tree(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    assert find_shared(tmp_path / "tree", {"CI": "true"}) == tmp_path / "shared"


def test_shared_missing_fails_in_ci_and_skips_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="no shared material"):
        find_shared(tmp_path / "tree", {"CI": "true"})
    with pytest.raises(pytest.skip.Exception, match="no shared material"):
        find_shared(tmp_path / "tree", {})


def test_examples_are_repeatable_by_default() -> None:
    assert settings.get_profile("ci").derandomize
    assert settings.get_profile("nightly").max_examples > settings.get_profile("ci").max_examples
