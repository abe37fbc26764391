"""The services that are measured: ours, the usual one, and an echo."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.apps import LOG, MODEL
from benchmarks.bench import Bench
from benchmarks.processes import Server, loanbook, python, serving
from loanbook.book import Book
from loanbook.registry.versions import Registry

READY = "/readyz"
_UVICORN = ("--port", "{port}", "--log-level", "warning", "--no-access-log")


def serving_book(bench: Bench, name: str) -> Book:
    """A book whose champion is XGBoost and whose policy declines everyone, so that every answer has reasons."""
    book = bench.book(name, decline_all=True)
    registry = Registry(book)
    registry.register("risk", bench.model("xgboost"))
    registry.close()
    return book


def usual_model(bench: Bench, folder: Path) -> Path:
    """The usual pipeline as people keep it: pickled."""
    import joblib

    path = folder / "usual.joblib"
    joblib.dump(bench.usual, path)
    return path


def ours(bench: Bench, book: Book) -> AbstractContextManager[Server]:
    """`loanbook serve`."""
    return serving(loanbook("serve", "--port", "{port}", "--book", str(book.path)), bench.folder, ready=READY)


def usual(bench: Bench, model: Path) -> AbstractContextManager[Server]:
    """FastAPI around the usual pipeline."""
    words = python("-m", "uvicorn", "benchmarks.apps:usual", "--factory", *_UVICORN)
    extra = {MODEL: str(model), LOG: str(model.with_suffix(".db"))}
    return serving(words, bench.folder, ready=READY, extra=extra)


def echo(bench: Bench) -> AbstractContextManager[Server]:
    """The least that an answer costs behind the same server."""
    return serving(python("-m", "uvicorn", "benchmarks.apps:echo", *_UVICORN), bench.folder, ready=READY)
