"""How commands speak: JSON for machines; lines, tables and progress for people."""

from __future__ import annotations

import json
import math
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.table import Table

_PATIENCE = 2.0  # seconds before progress is shown
_WIDE = 160  # columns of a table that is not on a terminal
_BOUNDLESS = 10_000


def say(text: str = "") -> None:
    """Print a line of the answer on stdout."""
    typer.echo(text)


def note(text: str) -> None:
    """Print a line that is not part of the answer on stderr."""
    typer.echo(text, err=True)


def emit(payload: object) -> None:
    """Print JSON on stdout; what JSON has no number for becomes null."""
    typer.echo(json.dumps(plain(payload), ensure_ascii=False, indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """Reduce dataclasses, paths, dates, NumPy values and mappings to what JSON has.

    >>> plain({"auc": float("nan"), "at": Path("a"), 3: (1, None)})
    {'auc': None, 'at': 'a', '3': [1, None]}
    """
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Path):
        return str(value)
    return plain(value.tolist()) if hasattr(value, "tolist") else [plain(each) for each in value]


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, spare: Sequence[str] = ()) -> tuple[str, ...]:
    """Print a table on stdout; a column whose name starts with ">" is aligned to the right.

    Parameters
    ----------
    columns, rows : the names, and the cells of each row; rows may be shorter.
    spare : columns to leave out, first to go first, while the terminal is too narrow.

    Returns
    -------
    The columns that were left out.

    >>> table(["model", ">AUC"], [["logistic", 0.71], ["approve_all", 0.5]])
     model         AUC
     logistic     0.71
     approve_all   0.5
    ()
    """
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDE
    console = Console(file=sys.stdout, width=width, markup=False, highlight=False)
    boundless = console.options.update(max_width=_BOUNDLESS)
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    left_out = 0
    while True:
        gone = spare[:left_out]
        kept = [place for place, name in enumerate(columns) if name not in gone]
        grid = _grid([columns[place] for place in kept], [[row[p] for p in kept if p < len(row)] for row in cells])
        if left_out == len(spare) or console.measure(grid, options=boundless).maximum <= console.width:
            console.print(grid)
            return tuple(name.removeprefix(">") for name in gone)
        left_out += 1


def _grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    from rich import box
    from rich.table import Table

    grid = Table(box=box.SIMPLE_HEAD if sys.stdout.isatty() else None)
    for name in columns:
        grid.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left")
    for row in rows:
        grid.add_row(*row)
    return grid


@contextmanager
def progress(title: str, total: float | None = None) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal once the work has taken two seconds; elsewhere show nothing.

    Parameters
    ----------
    title : what is being done.
    total : how many steps there are, when that is known.

    Yields
    ------
    `step(note="", by=1)`: call it when a step is done; `note` says what comes next.
    """
    if not sys.stderr.isatty():
        yield lambda note="", by=1: None
        return
    bar = _Bar(title, total)
    timer = threading.Timer(_PATIENCE, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.step
    finally:
        timer.cancel()
        bar.close()


@contextmanager
def follow(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show the same bar for work that tells what it does, how many steps are behind and how many there are."""
    with progress(title, 1.0) as step:
        behind = 0.0

        def tell(what: str, done: int, total: int) -> None:
            nonlocal behind
            now = done / total if total else 0.0
            step(what, max(0.0, now - behind))
            behind = max(behind, now)

        yield tell


class _Bar:
    """A rich progress bar that does not exist before it is shown."""

    def __init__(self, title: str, total: float | None) -> None:
        self.title = title
        self.total = total
        self.done = 0.0
        self.lock = threading.Lock()
        self.closed = False
        self.bar: Progress | None = None

    def show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        with self.lock:
            if not self.closed:
                self.bar = Progress(console=Console(stderr=True), transient=True)
                task = self.bar.add_task(self.title, total=self.total)
                self.bar.update(task, completed=self.done)
                self.bar.start()

    def step(self, note: str = "", by: float = 1) -> None:
        with self.lock:
            self.done += by
            if self.bar:
                about = f"{self.title}: {note}" if note else self.title
                self.bar.update(self.bar.task_ids[0], completed=self.done, description=about)

    def close(self) -> None:
        with self.lock:
            self.closed = True
            if self.bar:
                self.bar.stop()
