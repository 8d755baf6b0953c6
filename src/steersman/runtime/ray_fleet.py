"""Work the orders of a study on a Ray cluster: what `fleet.work_all` does, beyond one machine.

Ray is spoken to by a process of its own, the pilot: Ray prints on the screen as it likes, takes the
signals of its process, and ends it where the cluster's head is gone. The study keeps its results,
its progress and the last word.

    study  <- an order, please; results; what went wrong -  pilot  - one task an order ->  workers
           -        an order, or none is left           ->

The pilot keeps as many orders under way as there are processors. An order whose worker or node is
lost is given out again. A worker keeps its process, so that kernels are compiled and models read
once. Before its first order it is held to be like the study: the same code, models and recording.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import secrets
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from steersman.errors import ConfigError, DataError, SteersmanError
from steersman.runtime.arms import expect_advisors
from steersman.runtime.fleet import Fleet, Worked, Worker
from steersman.runtime.prepare import GENERATED
from steersman.runtime.study_files import difference, digest_of, surroundings
from steersman.tca.results import Drawn

__all__ = ["AT_ONCE_MAX", "Cluster", "WorkerBug", "expect_ray", "work_here", "work_on_ray"]

LOG: Final = "pilot.log"
GONE: Final = (EOFError, BrokenPipeError, ConnectionResetError)
AT_ONCE_MAX: Final = 4_096
ATTEMPTS_MAX: Final = 4  # an order that is lost so often is what kills its workers
POLL_S: Final = 0.2  # how soon a study that was given up is noticed
LOOK_S: Final = 5.0  # how soon a node that came or went is noticed
GIVE_UP_S: Final = 10.0
CONNECT_S: Final = 5.0
STORE_BYTES: Final = 100 * 2**20  # what passes through it is a few kB
SOCKETS: Final = Path("/tmp")  # the path of a socket has 103 bytes, a session's names take 70
SAID_CHARS_MAX: Final = 300
SAME: Final = (
    "every node must hold the same steersman, packages, models and recording, in the same place"
)
ON: Final = "run the same command again: it goes on where it was"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Ray is: the HOST:PORT of a cluster's head, or None for one of this study's own.

    `jobs` is how many orders are worked at once, and how large an own cluster is; None for as many
    as the cluster has processors.
    """

    address: str | None
    jobs: int | None


class WorkerBug(Exception):
    """A broken invariant in a worker, with the trace from there."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a node must have as the study has it: who answers in each arm, and the recording."""

    fleet: Fleet
    models: dict[str, str]
    recording: str | None


class _Please:
    """The pilot asks for an order: the one message that is answered, by an order or None."""


def expect_ray() -> None:
    """Raise ConfigError where Ray is not installed."""
    if find_spec("ray") is None:
        raise ConfigError(
            "studies on a cluster need Ray, which is not installed",
            "install steersman[ray], in its source tree with `make ray`",
        )


def work_on_ray(
    fleet: Fleet, models: dict[str, str], orders: Iterable[Drawn], cluster: Cluster
) -> Iterator[Worked]:
    """Yield every order worked by all arms, as they are done; `models` says who answers in each.

    Raises what working an order raises; DataError where the cluster cannot be used, a node differs
    from this machine, or an order was lost with its worker again and again. What is under way when
    the iteration is given up is stopped.
    """
    recording = None
    if fleet.market != GENERATED:
        fleet = replace(fleet, market=str(Path(fleet.market).resolve()))
        recording = digest_of(Path(fleet.market))
    expected = _Expected(fleet, models, recording)
    context = multiprocessing.get_context("spawn")
    left = iter(orders)
    with _folder() as folder:
        here, there = context.Pipe()
        pilot = context.Process(target=_fly, args=(there, folder, cluster, expected), daemon=True)
        pilot.start()
        there.close()
        try:
            while (said := _heard(here, folder)) is not None:
                if isinstance(said, _Please):
                    here.send(next(left, None))
                elif isinstance(said, bytes):
                    yield _unpacked(said)
                else:
                    raise said
        finally:
            here.close()  # by that the pilot sees that it is over
            pilot.join(GIVE_UP_S)
            pilot.kill()
            pilot.join()


@contextmanager
def _folder() -> Iterator[Path]:
    """Hold a folder whose path leaves room for the names of Ray's sockets."""
    short = SOCKETS if SOCKETS.is_dir() else None
    with tempfile.TemporaryDirectory(
        prefix="steersman-", dir=short, ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def _heard(pipe: Connection, folder: Path) -> Any:
    """Return what the pilot says; raise DataError where it is gone."""
    try:
        return pipe.recv()
    except GONE:
        lines = (folder / LOG).read_text(errors="replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing was said")
        raise DataError(f"the Ray cluster was lost: {last[:SAID_CHARS_MAX]}", ON) from None


def _unpacked(packed: bytes) -> Worked:
    found: Worked | SteersmanError = pickle.loads(packed)
    if isinstance(found, SteersmanError):
        raise found
    return found


# -- in the pilot ---------------------------------------------------------------------------------
def _fly(pipe: Connection, folder: Path, cluster: Cluster, expected: _Expected) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the study decides what an interrupt means
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    with suppress(*GONE):  # the study was given up
        last: Exception | None = None
        try:
            with _connected(cluster, folder) as ray:
                _Pilot(ray, pipe, cluster, expected).run()
        except (SteersmanError, WorkerBug) as error:
            last = error
        pipe.send(last)
    shutil.rmtree(folder, ignore_errors=True)  # a study that was killed cannot


@contextmanager
def _connected(cluster: Cluster, folder: Path) -> Iterator[Any]:
    """Connect to the cluster, or start one that only this study can use; yield Ray."""
    own = cluster.address is None
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    options: dict[str, Any] = {"address": cluster.address}
    if own:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # so that it listens to itself only
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)  # else Ray keeps one in the home
        options = {
            "address": "local",
            "num_cpus": cluster.jobs,
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": str(folder),
        }
    import ray

    try:
        if not own:
            _reach(str(cluster.address))
        ray.init(log_to_driver=False, configure_logging=False, **options)
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        where = "of its own" if own else f"at {cluster.address}"
        raise DataError(
            f"the study cannot use a Ray cluster {where}: {_line(error)}",
            "see docs/scale.md, or use --engine local",
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Raise OSError where nobody listens: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.removeprefix("ray://"), int(port)), CONNECT_S).close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:SAID_CHARS_MAX]


@dataclass(slots=True)
class _Pilot:
    """Give out orders, hand back results, give out again what was lost."""

    ray: Any
    pipe: Connection
    cluster: Cluster
    expected: _Expected
    _versions: dict[str, Any] = field(default_factory=surroundings)
    _task: Any = None
    _pending: dict[Any, tuple[Drawn, int]] = field(default_factory=dict)  # with times given out
    _known: Any = None
    _room: int = 0
    _looked_s: float = -LOOK_S

    def run(self) -> None:
        """Work until no order is left."""
        self._task = self.ray.remote(num_cpus=1, max_retries=0)(_task())
        self._known = self.ray.put(pickle.dumps(self.expected))
        more = True
        while more or self._pending:
            while more and len(self._pending) < self._at_once():
                self.pipe.send(_Please())
                order = self.pipe.recv()
                more = order is not None
                if more:
                    self._give_out(order, 1)
            if self._pending:
                done, _ = self.ray.wait(list(self._pending), timeout=POLL_S)
                for one in done:
                    self._take_in(one)
            if self.pipe.poll():  # nothing comes unasked but the end
                raise EOFError("the study was given up")

    def _at_once(self) -> int:
        """How many orders may be under way now: nodes come and go."""
        if self.cluster.jobs is not None:
            return self.cluster.jobs
        if time.monotonic() - self._looked_s >= LOOK_S:
            processors = int(self.ray.cluster_resources().get("CPU", 0))
            if not processors and not self._room:
                raise DataError(
                    f"the Ray cluster at {self.cluster.address} has no processors",
                    "add nodes with `ray start --address`",
                )
            self._room = min(max(1, processors), AT_ONCE_MAX)
            self._looked_s = time.monotonic()
        return self._room

    def _give_out(self, order: Drawn, times: int) -> None:
        reply = self._task.remote(self._versions, self._known, pickle.dumps(order))
        self._pending[reply] = order, times

    def _take_in(self, reply: Any) -> None:
        order, times = self._pending.pop(reply)
        try:
            found = self.ray.get(reply)
        except self.ray.exceptions.RayTaskError as error:
            raise WorkerBug(str(error)) from None
        except self.ray.exceptions.RayError as error:
            if times == ATTEMPTS_MAX:
                raise DataError(
                    f"order {order.order} was lost with its worker {times} times: {_line(error)}",
                    f"perhaps a node has too little memory for its workers; {ON}",
                ) from None
            self._give_out(order, times + 1)
            return
        if isinstance(found, str):
            raise DataError(f"a node differs from this machine: {found}", SAME)
        self.pipe.send(found)


# -- on a node ------------------------------------------------------------------------------------
def _task() -> Callable[[dict[str, Any], bytes, bytes], bytes | str]:
    """Return what a worker does, as a function that travels whole: a node may know none of this."""

    def work(versions: dict[str, Any], expected: bytes, order: bytes) -> bytes | str:
        try:
            from steersman.runtime.ray_fleet import work_here
        except ImportError as error:
            import socket

            return f"{socket.gethostname()} has another steersman or none ({error})"
        return work_here(versions, expected, order)

    return work


_held: tuple[bytes, Worker] | None = None


def work_here(versions: dict[str, Any], expected: bytes, order: bytes) -> bytes | str:
    """Work an order in this process; return it and its results, or the error, packed.

    Text says in what this node is not as expected.
    """
    global _held
    if _held is None or _held[0] != expected:
        own = surroundings()
        if own != versions:
            return f"{socket.gethostname()}: {difference('versions', versions, own)}"
        known: _Expected = pickle.loads(expected)
        unlike = _unlike(known)
        if unlike:
            return f"{socket.gethostname()}: {unlike}"
        _held = expected, Worker(known.fleet)
    drawn: Drawn = pickle.loads(order)
    try:
        return pickle.dumps((drawn, _held[1].work(drawn)))
    except SteersmanError as error:
        return pickle.dumps(error)


def _unlike(expected: _Expected) -> str | None:
    """Say in what this node's recording or models are not as expected."""
    fleet = expected.fleet
    generated = fleet.market == GENERATED
    if not generated:
        try:
            recording = digest_of(Path(fleet.market))
        except OSError as error:
            return f"no recording {fleet.market}: {error.strerror}"
        if recording != expected.recording:
            return f"another recording in {fleet.market}"
    try:
        models = expect_advisors(fleet.arms, fleet.settings, generated=generated)
    except SteersmanError as error:
        return str(error)
    return None if models == expected.models else difference("models", expected.models, models)
