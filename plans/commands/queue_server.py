"""regrow queue-server: the bench behind a bluesky-queueserver."""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from instruments.errors import ConfigurationError

_PRIVATE = "QSERVER_ZMQ_PRIVATE_KEY_FOR_SERVER"
_PUBLIC = "QSERVER_ZMQ_PUBLIC_KEY"
_PORT = 60615
_PERMISSIONS = """\
user_groups:
  root:
    allowed_plans: [null]
    forbidden_plans: [":^_"]
    allowed_devices: [null]
    forbidden_devices: [":^_:?.*"]
    allowed_functions: [null]
    forbidden_functions: [":.*"]
  primary:
    allowed_plans: [":.*"]
    forbidden_plans: [null]
    allowed_devices: [":?.*:depth=1"]
    forbidden_devices: [null]
    allowed_functions: []
    forbidden_functions: [":.*"]
"""
# Plans by name only: nobody at the other end of the line may run code of their own.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--bench", type=Path, required=True, metavar="FILE", help="bench file")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR",
                        help="where run folders go (default: ./runs)")  # fmt: skip
    parser.add_argument("--redis", default="127.0.0.1:6379", metavar="HOST:PORT",
                        help="the Redis that keeps the queue (default: %(default)s)")  # fmt: skip
    parser.add_argument("--port", type=int, default=_PORT, metavar="N",
                        help=f"control port on this machine (default: {_PORT})")  # fmt: skip
    parser.add_argument("--no-key", action="store_true",
                        help="let any program on this machine in")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted; return the server's exit code."""
    if importlib.util.find_spec("bluesky_queueserver") is None:
        raise ConfigurationError(
            "queue-server", "bluesky-queueserver is not installed: pip install 'regrow[queue]'"
        )
    if not args.bench.is_file():
        raise FileNotFoundError(f"{args.bench}: there is no such bench file")
    environment = {**os.environ, **keys(with_key=not args.no_key)}
    environment["REGROW_BENCH"] = str(args.bench.resolve())
    environment["REGROW_RUNS"] = str(args.runs.resolve())
    with tempfile.TemporaryDirectory(prefix="regrow-queue-") as folder:
        (Path(folder) / "user_group_permissions.yaml").write_text(_PERMISSIONS, encoding="utf-8")
        words = server_words(folder, redis=args.redis, port=args.port)
        return _serve(words, environment)


def _serve(words: list[str], environment: dict[str, str]) -> int:
    """Run the server until it ends; whoever ends this program ends the server with it."""
    with subprocess.Popen(words, env=environment) as server:
        before = signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            return server.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
            server.terminate()


def server_words(folder: str, *, redis: str, port: int) -> list[str]:
    """Return the command line of the server.

    Args:
        folder: Where its lists and permissions are.
        redis: Host and port of its Redis.
        port: Control port; the port for its console output is the next one.
    """
    return [
        sys.executable, "-c",
        "from bluesky_queueserver.manager.start_manager import start_manager; start_manager()",
        "--startup-module", "plans.queueing.startup",
        "--zmq-control-addr", f"tcp://127.0.0.1:{port}",
        "--zmq-info-addr", f"tcp://127.0.0.1:{port + 1}",
        "--zmq-publish-console", "ON",
        "--redis-addr", redis,
        "--existing-plans-devices", str(Path(folder) / "existing_plans_and_devices.yaml"),
        "--user-group-permissions", str(Path(folder) / "user_group_permissions.yaml"),
        "--update-existing-plans-devices", "ENVIRONMENT_OPEN",
        "--device-max-depth", "1",
    ]  # fmt: skip


def keys(*, with_key: bool) -> dict[str, str]:
    """Return the key of the control line for the server's environment; say the client's part.

    A key that the environment has already is kept.
    """
    if not with_key or os.environ.get(_PRIVATE):
        return {}
    import zmq

    public, private = zmq.curve_keypair()
    print(f"clients on this machine need: {_PUBLIC}={public.decode()}", flush=True)
    return {_PRIVATE: private.decode()}
