"""Where a table's files are: paths, globs and the bundled samples."""

from __future__ import annotations

import glob
from difflib import get_close_matches
from pathlib import Path

from loanbook.errors import DataError

SAMPLE = "sample:"


def locate(paths: str, base: Path = Path()) -> list[Path]:
    """The files that `paths` names, globs in sorted order.

    Parameters
    ----------
    paths : a file, a glob such as ``"2024/*.parquet"``, or ``"sample:NAME"``.
    base : folder that relative paths start from.

    Raises
    ------
    DataError : nothing there (the nearest name is given), or a folder.

    >>> locate("nowhere.csv")
    Traceback (most recent call last):
    ...
    loanbook.errors.DataError: nowhere.csv: there is no such file. Check the path.
    """
    if paths.startswith(SAMPLE):
        from loanbook.data import samples

        return [Path(samples.path(paths.removeprefix(SAMPLE)))]
    path = base / Path(paths).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        raise DataError("is a folder, not a table", where=paths, todo=f'name its files: "{paths}/*.parquet"')
    if glob.has_magic(paths):
        return _matches(paths, path)
    raise DataError("there is no such file", where=paths, todo=_nearest(path))


def _matches(pattern: str, path: Path) -> list[Path]:
    found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 (the pattern may be absolute)
    files = [file for file in found if file.is_file()]
    if not files:
        raise DataError("no file matches this pattern", where=pattern, todo="check the folder and the suffix")
    return files


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return f"The folder {path.parent} does not exist either: check the path"
    names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    near = get_close_matches(path.name, names, n=1, cutoff=0.5) or [n for n in names if n.startswith(path.stem)]
    return f"the nearest is {path.with_name(near[0])}" if near else "check the path"
