"""How Gunicorn runs the service: `gunicorn --config deploy/gunicorn.conf.py`, with LOANBOOK_BOOK naming the book.

What differs from machine to machine comes from the environment; everything here can be overruled on Gunicorn's own
command line or in GUNICORN_CMD_ARGS.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

METRICS = "PROMETHEUS_MULTIPROC_DIR"
if METRICS not in os.environ:  # prometheus_client reads it when it is imported, which is soon
    os.environ[METRICS] = tempfile.mkdtemp(prefix="loanbook-metrics-")

wsgi_app = "loanbook.service.app:from_environment()"
worker_class = "loanbook.service.worker.Worker"  # uvicorn_worker.UvicornWorker, with our timeouts

# The address inside a container or behind a proxy. Without an API key the service answers the loopback range only.
bind = os.environ.get("BIND", "127.0.0.1:8000")

# One process a core that we may use. A container with a share of the machine says how many: WEB_CONCURRENCY.
workers = int(os.environ.get("WEB_CONCURRENCY") or len(os.sched_getaffinity(0)))

# Whose X-Forwarded-For is believed. Never "*": whoever asks could call himself 127.0.0.1.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")

timeout = 30  # seconds without a sign of life, then a worker is replaced
graceful_timeout = 15  # seconds for a worker to end after SIGTERM; its open requests have 10 of them
keepalive = 75  # seconds; longer than a proxy keeps its idle connections, so that it never asks on a closed one

errorlog = "-"
accesslog = None  # the service's own log has a line for what matters
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  heartbeats: memory, not a disk
control_socket_disable = True  # it would be written into the home folder, for a tool that nobody here needs


def on_starting(server: Any) -> None:
    """Tell the workers to come how many share a key's rate; clear the figures of an earlier run away."""
    os.environ["LOANBOOK_WORKERS"] = str(server.cfg.workers)
    for left in Path(os.environ[METRICS]).glob("*.db"):
        left.unlink()


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001
    """Take a dead worker's gauges out of the sum; its counters stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:  # noqa: ARG001
    """Leave no figures behind."""
    shutil.rmtree(os.environ[METRICS], ignore_errors=True)
