"""`loanbook serve`: the API and the dashboard."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json
from loanbook.cli.output import emit, note, say


def command(
    *,
    host: Annotated[str, typer.Option("--host", help="Address of this machine to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that answer.")] = 1,
    log_format: Annotated[str, typer.Option("--log-format", help="How the log is written: text or json.")] = "",
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> int:
    """Answer applications over HTTP until Ctrl-C; the dashboard is at /, the API's description at /docs.

    Example: loanbook serve --port 8080 --workers 2
    """
    from loanbook.book import Book
    from loanbook.service import log
    from loanbook.service.run import check_host, listen, serve

    form, level = log.chosen(log_format)
    found = Book.load(book)
    check_host(host, found)
    listener = listen(host, port)
    try:
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        if json:
            emit({"address": address, "book": str(found.path), "workers": workers})
        else:
            say(f"Serving {found.name} on {address} (API: {address}/docs); Ctrl-C stops.")
        import sys

        sys.stdout.flush()
        os.environ.update({log.FORMAT: form, log.LEVEL: level})  # worker processes read them
        serve(found, listener, workers=workers)
    except KeyboardInterrupt:
        note("loanbook: stopped.")
    finally:
        listener.close()
    return 0


def check_port(port: int) -> None:
    """Refuse a port that is taken, before any work is done for it."""
    from loanbook.service.run import listen

    listen("127.0.0.1", port).close()
