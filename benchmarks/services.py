"""The services that are measured: ours, the usual one behind several servers, and echoes.

A service is started by `with`, answers `READY` or what its server has instead, and is stopped in the end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.apps.desk import LOG, MODEL
from benchmarks.bench import Bench
from benchmarks.load import DECISIONS
from benchmarks.peers import BENTOML, MLFLOW, Environment
from benchmarks.processes import Server, cost_of_process, loanbook, python, serving
from loanbook.book import Book
from loanbook.registry.versions import Registry

READY = "/readyz"
Serving = AbstractContextManager[Server]
_UVICORN = ("--port", "{port}", "--log-level", "warning", "--no-access-log")
_NO_TELEMETRY = {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "True"}


def serving_book(
    bench: Bench, name: str, model: str = "xgboost", *, challenger: str = "", more: Mapping[str, str] | None = None
) -> Book:
    """A book whose champion is one of the bench's models and whose policy declines everyone: every answer has reasons.

    Parameters
    ----------
    challenger : another of them, registered after it; "" for none.
    more : lines for sections of the book, by their names.
    """
    book = bench.book(name, decline_all=True, more=more)
    registry = Registry(book)
    for found in filter(None, (model, challenger)):
        registry.register("risk", bench.model(found))
    registry.close()
    return book


def usual_model(bench: Bench, folder: Path, like: str = "xgboost") -> Path:
    """The usual pipeline as people keep it: pickled, with as many trees as deep as one of our models."""
    import joblib

    path = folder / f"usual-{like}.joblib"
    joblib.dump(bench.usual_like(like), path)
    return path


def ours(bench: Bench, book: Book, workers: int = 1) -> Serving:
    """`loanbook serve`."""
    words = loanbook("serve", "--port", "{port}", "--book", str(book.path), "--workers", str(workers))
    return serving(words, bench.folder, ready=READY)


def ours_under_gunicorn(bench: Bench, book: Book, workers: int = 1) -> Serving:
    """The same under Gunicorn, by the documented command."""
    worker = ("-k", "uvicorn_worker.UvicornWorker", "-w", str(workers), "-b", "127.0.0.1:{port}")
    words = _beside("gunicorn", *worker, "--log-level", "warning", "loanbook.service.app:from_environment()")
    return serving(words, bench.folder, ready=READY, extra={"LOANBOOK_BOOK": str(book.path)})


def echo(bench: Bench, kind: str = "raw", workers: int = 1) -> Serving:
    """An echo behind the server that ours runs on: "raw", "starlette" or "fastapi"."""
    factory = () if kind == "raw" else ("--factory",)
    words = python("-m", "uvicorn", f"benchmarks.apps.echo:{kind}", *factory, *_UVICORN, "--workers", str(workers))
    return serving(words, bench.folder, ready=READY)


def usual(bench: Bench, model: Path) -> Serving:
    """FastAPI around the usual pipeline."""
    words = python("-m", "uvicorn", "benchmarks.apps.on_fastapi:create", "--factory", *_UVICORN)
    return serving(words, bench.folder, ready=READY, extra=_desk(model, "fastapi"))


def usual_flask(bench: Bench, model: Path, workers: int = 1) -> Serving:
    """Flask and Gunicorn around the usual pipeline."""
    words = _beside("gunicorn", "-w", str(workers), "-b", "127.0.0.1:{port}", "benchmarks.apps.on_flask:create()")
    return serving(words, bench.folder, ready=READY, extra=_desk(model, "flask"))


def usual_mlflow(bench: Bench, model: Path) -> Serving:
    """MLflow's model server around the usual pipeline."""
    extra = {**_desk(model, "mlflow"), **_path_of(MLFLOW)}
    folder = model.with_name(f"{model.stem}-mlflow")
    if not folder.exists():
        cost_of_process([str(MLFLOW.python), "-m", "benchmarks.scripts.save_mlflow", str(folder)], bench.folder, extra)
    words = ("models", "serve", "-m", str(folder), "--env-manager", "local", "-p", "{port}", "-h", "127.0.0.1")
    return serving([str(MLFLOW.python.with_name("mlflow")), *words], bench.folder, ready="/ping", extra=extra)


def usual_bentoml(bench: Bench, model: Path) -> Serving:
    """BentoML around the usual pipeline."""
    extra = {**_desk(model, "bentoml"), **_path_of(BENTOML), "BENTOML_HOME": str(model.with_name("bentoml"))}
    words = ("serve", "benchmarks.apps.on_bentoml:Usual", "--port", "{port}", "--host", "127.0.0.1")
    return serving([str(BENTOML.python.with_name("bentoml")), *words], bench.folder, ready=READY, extra=extra)


@dataclass(frozen=True)
class Usual:
    """One server that people put around the usual pipeline.

    Parameters
    ----------
    name, serve : on the page; starts it around a pickled pipeline.
    path, wrap : where it is asked, and what it wants an application wrapped into.
    environment : it runs in, if not in ours.
    """

    name: str
    serve: Callable[[Bench, Path], Serving]
    path: str = DECISIONS
    wrap: Callable[[Any], Any] = lambda application: application
    environment: Environment | None = None

    @property
    def absent(self) -> str:
        """Why it cannot be measured; "" if it can."""
        return self.environment.absent if self.environment else ""


FLASK = Usual("Flask and Gunicorn", usual_flask)
FASTAPI = Usual("FastAPI", usual)
USUAL = (
    FLASK,
    FASTAPI,
    Usual("MLflow's server", usual_mlflow, "/invocations", lambda row: {"dataframe_records": [row]}, MLFLOW),
    Usual("BentoML", usual_bentoml, "/decide", lambda row: {"application": row}, BENTOML),
)


def _desk(model: Path, server: str) -> dict[str, str]:
    return {MODEL: str(model), LOG: str(model.with_name(f"{model.stem}-{server}.db")), **_NO_TELEMETRY}


def _path_of(environment: Environment) -> Mapping[str, str]:
    """Commands of that environment start each other by name."""
    return {"PATH": f"{environment.python.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _beside(command: str, *words: str) -> list[str]:
    """A command installed beside this Python."""
    return [str(Path(sys.executable).with_name(command)), *words]
