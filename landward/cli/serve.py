"""`landward serve`."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

import tyro

from landward.onnx_policy import OnnxPolicy
from landward.policy_server import PolicyServer
from landward.runs import find_policy


@dataclass
class Serve:
    """Serve an exported policy over a WebSocket, for `landward drive-eval ws://HOST:PORT` and other clients.

    Named SI inputs come in, named SI outputs go out; the spec is sent when a client connects. Ends with
    Ctrl-C or SIGTERM.

    Examples:
        landward serve runs/carla-route/2026-11-23_14-05-09_seed1
        landward serve policy.onnx --host 0.0.0.0 --port 8001
    """

    policy: tyro.conf.Positional[Path]
    """A run folder with policy.onnx in it, or an exported policy.onnx."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in, and there is no password."""
    port: int = 8000
    """0 takes a free one."""
    threads: int = 1
    """Threads of ONNX Runtime for each connection."""

    def run(self) -> int:
        """Serve until told to stop."""
        file = find_policy(self.policy)
        server = PolicyServer(
            lambda num_envs: OnnxPolicy(file, num_envs=num_envs, threads=self.threads), self.host, self.port
        )
        signal.signal(signal.SIGTERM, lambda *_: server.close())
        print(f"serving the {server.spec.task} policy at {server.address}", flush=True)
        try:
            server.serve_forever()
        finally:
            server.close()
        return 0
