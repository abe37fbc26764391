"""Run the service: uvicorn on a socket of our own, one process or several."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvicorn

from loanbook.book import Book
from loanbook.errors import BookError, LoanbookError, StoreError
from loanbook.registry.keys import Keys
from loanbook.registry.store import open_store
from loanbook.service import metrics
from loanbook.service.app import BOOK
from loanbook.service.gate import WORKERS
from loanbook.service.manners import MANNERS
from loanbook.service.nearby import is_loopback
from loanbook.service.running import SUPERVISOR

FACTORY = "loanbook.service.app:from_environment"


def check_host(host: str, book: Book | None = None) -> None:
    """Refuse an address that other machines reach while the book's store has no API key.

    >>> check_host("127.0.0.1")
    >>> check_host("0.0.0.0")
    Traceback (most recent call last):
    loanbook.errors.BookError: --host 0.0.0.0: the service would answer other machines, and it has no keys yet: ...
    """
    if host == "localhost" or is_loopback(host) or (book is not None and _has_key(book)):
        return
    raise BookError(
        "the service would answer other machines, and it has no keys yet: anybody who reaches it could decide in "
        "your name and read every stored application",
        where=f"--host {host}",
        todo="make one with `loanbook keys create NAME --role admin`, or leave --host at 127.0.0.1",
    )


def _has_key(book: Book) -> bool:
    store = open_store(book.store)
    try:
        return any(key.revoked_at is None for key in Keys(store).all())
    finally:
        store.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; LoanbookError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, for asyncio turns off Nagle's delay (40 ms an answer) only where it is told so.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        what = f"port {port} is taken by another program" if taken else f"cannot listen there ({error.strerror})"
        raise LoanbookError(what, where=f"{host}:{port}", todo="choose another with --port") from error
    listener.set_inheritable(True)
    return listener


def serve(book: Book, listener: socket.socket, *, workers: int = 1) -> None:
    """Serve a book until SIGINT or SIGTERM.

    Parameters
    ----------
    book : of the lender.
    listener : from `listen`.
    workers : processes.

    Raises
    ------
    StoreError : the store cannot be opened.
    """
    open_store(book.store).close()  # better one paragraph here than a traceback from each worker
    os.environ[BOOK] = str(Path(book.path).resolve())
    os.environ[WORKERS] = str(workers)
    if workers == 1:
        _run(workers, listener)
        return
    with tempfile.TemporaryDirectory(prefix="loanbook-metrics-") as folder:
        os.environ.update({metrics.FOLDER: folder, SUPERVISOR: str(os.getpid())})
        _run(workers, listener)


def _run(workers: int, listener: socket.socket) -> None:
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        workers=workers,
        log_level="warning",
        **MANNERS,
    )
    if workers == 1:
        server = uvicorn.Server(config)
        signal.signal(signal.SIGTERM, _end)  # uvicorn sends itself the signal again when everything is answered
        server.run(sockets=[listener])
        if not server.started:
            raise StoreError("the service could not start", todo="the lines above say why")
        return
    from uvicorn.supervisors import Multiprocess

    Multiprocess(config, sockets=[listener]).run()


def _end(*_: Any) -> None:
    """Whoever ends the service with SIGTERM wants that it ends well."""
    sys.exit(0)
