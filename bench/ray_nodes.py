"""A Ray cluster of several nodes on this machine, for tests and measurements.

    python bench/ray_nodes.py FOLDER CPUS [CPUS ...]

starts a node of so many processors each, the head first, prints one line of JSON, `{"address",
"raylets"}`, and ends with its standard input. It listens to this machine only. Whoever connects
needs the variables of `environment`. To lose a node, kill the process of its raylet.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STORE_BYTES = 80 * 2**20
TOKEN = "0" * 32  # nobody but this machine can connect

ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # 127.0.0.1 stays what it is
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
}


@dataclass(frozen=True, slots=True)
class Nodes:
    """A running cluster: the address of its head, and the process of each node, the head first."""

    address: str
    raylets: tuple[int, ...]


@contextmanager
def nodes(processors: Sequence[int], folder: str) -> Iterator[Nodes]:
    """Run a cluster with a node of so many processors each; its files lie in `folder`."""
    command = [sys.executable, __file__, folder, *map(str, processors)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | ENVIRONMENT | {"RAY_TMPDIR": folder},
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        said = json.loads(process.stdout.readline())
        try:
            yield Nodes(said["address"], tuple(said["raylets"]))
        finally:
            process.stdin.close()


def main() -> None:
    """Start the nodes and wait."""
    from ray.cluster_utils import Cluster

    folder, *processors = sys.argv[1:]
    Path(folder, "ray").mkdir()  # where Ray notes which cluster is the latest
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Ray prints what it likes
    cluster = Cluster(shutdown_at_exit=True)
    for number, count in enumerate(processors):
        head = {
            "include_dashboard": False,
            "temp_dir": folder,
            "_system_config": {"health_check_period_ms": 500, "health_check_failure_threshold": 3},
        }
        cluster.add_node(
            num_cpus=int(count),
            node_ip_address="127.0.0.1",
            object_store_memory=STORE_BYTES,
            **(head if number == 0 else {}),
        )
    nodes = [cluster.head_node, *cluster.worker_nodes]
    raylets = [node.all_processes["raylet"][0].process.pid for node in nodes]
    print(json.dumps({"address": cluster.address, "raylets": raylets}), file=out, flush=True)
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main()
