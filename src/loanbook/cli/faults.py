"""From whatever went wrong to one paragraph and an exit code; a user never sees a traceback."""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
import traceback
from typing import Any, Final

import typer

from loanbook.errors import LoanbookError

WRONG: Final = 2
STOPPED: Final = 130  # what a shell expects of a program stopped with Ctrl-C
UNREAD: Final = 141  # … and of one whose reader has gone, as in `loanbook … | head`
# Packages that come with an extra, not with the core.
_EXTRAS: Final = {
    **dict.fromkeys(("fastapi", "uvicorn", "jinja2", "prometheus_client"), "serve"),
    **dict.fromkeys(("psycopg", "asyncpg"), "postgres"),
    **dict.fromkeys(("matplotlib", "plotly"), "explore"),
}


def explain(error: BaseException, *, json: bool) -> int:
    """Tell the user what went wrong.

    Parameters
    ----------
    error : whatever a command raised.
    json : answer {"error": …} on stdout instead of a paragraph on stderr.

    Returns
    -------
    The exit code.
    """
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return hang_up(STOPPED)
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        _drop_stdout()
        return UNREAD
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else WRONG if error.code else 0
    fail(_translate(error), json=json)
    return WRONG


def fail(error: LoanbookError, *, json: bool) -> None:
    """Print an error: one paragraph on stderr, or JSON on stdout."""
    if json:
        from loanbook.cli.output import emit

        content = {"message": str(error), "what": error.what, "where": error.where, "todo": error.todo}
        try:
            emit({"error": {"kind": type(error).__name__, **content}})
            sys.stdout.flush()
        except OSError:
            _drop_stdout()
    else:
        _drop_stdout_if_full()
    typer.echo(f"loanbook: {error}", err=True)


def hang_up(code: int) -> int:
    """Say that the user stopped the command."""
    typer.echo("loanbook: stopped.", err=True)
    return code


def _translate(error: BaseException) -> LoanbookError:
    if isinstance(error, LoanbookError):
        return error
    if isinstance(error, OSError):
        return _from_system(error)
    if isinstance(error, MemoryError):
        return LoanbookError("the memory is not enough for this", todo="close other programs, or use less data")
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("loanbook"):
        return _not_installed(str(error.name))
    if hasattr(error, "format_message"):  # what typer raises for wrong options and arguments
        return _wrong_use(error)
    return _our_fault(error)


def _from_system(error: OSError) -> LoanbookError:
    where = str(error.filename) if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LoanbookError(
            "the disk is full; nothing half-written is kept", where=where, todo="free some space and try again"
        )
    if isinstance(error, PermissionError):
        return LoanbookError("no permission to read or write this", where=where, todo="check who owns it")
    if isinstance(error, FileNotFoundError):
        return LoanbookError("there is no such file or folder", where=where, todo="check the spelling")
    reason = error.strerror or str(error) or type(error).__name__
    return LoanbookError(f"the system refused: {reason[0].lower()}{reason[1:]}", where=where)


def _not_installed(module: str) -> LoanbookError:
    package = module.partition(".")[0]
    extra = _EXTRAS.get(package)
    todo = f"install it with: pip install 'loanbook[{extra}]'" if extra else f"install it: pip install {package}"
    return LoanbookError(f"this needs the package {package!r}, which is not installed", todo=todo)


def _wrong_use(error: Any) -> LoanbookError:
    message = " ".join(error.format_message().split()).rstrip(".")
    message = re.sub(r"Did you mean (.+)\?", r"Perhaps \1 is meant", message)
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "loanbook"
    where = path.removeprefix("loanbook").strip()
    return LoanbookError(f"{message[:1].lower()}{message[1:]}", where=where, todo=f"see `{path} --help`")


def _our_fault(error: BaseException) -> LoanbookError:
    """Keep the traceback of a bug where a report can take it from."""
    details = "".join(traceback.format_exception(error))
    if os.environ.get("LOANBOOK_DEBUG"):
        typer.echo(details, err=True)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    todo = "please report it"
    try:
        handle, path = tempfile.mkstemp(prefix="loanbook-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8") as log:
            log.write(details)
        todo += f" with the details in {path}"
    except OSError:
        todo += " with what LOANBOOK_DEBUG=1 shows"
    return LoanbookError(f"this is a fault of loanbook, not yours ({what[:200]})", todo=todo)


def _drop_stdout() -> None:
    """Let Python's own flush at exit find nothing to complain about."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def _drop_stdout_if_full() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _drop_stdout()
