"""A trained model as a folder of data: JSON and npz, a digest for each file, nothing that can run.

    contract.json  plan.json  calibration.json  card.json  scorer.npz      the parts of the model
    manifest.json                                                         their sizes and SHA-256 digests

A folder is written aside, forced to the disk and renamed, so it is there whole or not at all. Reading takes each
file once, checks size and digest of those bytes, and parses the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import shutil
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.errors import RegistryError, StoreError, TamperedArtefact
from loanbook.features.plan import Plan
from loanbook.files import sync_folder
from loanbook.models.scoring import output_from_json, scorer_from_arrays
from loanbook.models.trained import TrainedModel

FORMAT = 1
MANIFEST = "manifest.json"
JSON_PARTS = ("contract.json", "plan.json", "calibration.json", "card.json")
SCORER = "scorer.npz"
PARTS = frozenset({*JSON_PARTS, SCORER})

LARGEST = {MANIFEST: 1 << 20, SCORER: 1 << 30} | dict.fromkeys(JSON_PARTS, 64 << 20)
"""Bytes a part may have; more is refused before anything is read."""

_RESTORE = "bring the folder back from a copy, or train again"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an artefact consists of.

    Parameters
    ----------
    usecase, scorer : the question it answers and the kind of its scorer.
    files : name of each part, with its (bytes, SHA-256 in hex).
    """

    usecase: str
    scorer: str
    files: Mapping[str, tuple[int, str]]

    def to_bytes(self) -> bytes:
        files = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in self.files.items()}
        return _json_bytes({"format": FORMAT, "usecase": self.usecase, "scorer": self.scorer, "files": files})

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest: it names the artefact, and the store keeps it."""
        return _digest(self.to_bytes())

    @classmethod
    def from_bytes(cls, raw: bytes, where: str) -> Manifest:
        """Read a manifest; TamperedArtefact when it is not one."""
        try:
            saved = json.loads(raw)
            if saved["format"] > FORMAT:
                raise RegistryError(
                    "the artefact was written by a newer loanbook", where=where, todo="upgrade loanbook"
                )
            files = {name: (int(part["bytes"]), str(part["sha256"])) for name, part in saved["files"].items()}
            return cls(str(saved["usecase"]), str(saved["scorer"]), files)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise TamperedArtefact("the manifest cannot be read", where=where, todo=_RESTORE) from error


def save(model: TrainedModel, folder: Path) -> Manifest:
    """Write a model as a new folder, whole or not at all, and return its manifest.

    Raises
    ------
    StoreError : the disk refuses, or the folder is there already with something else in it.
    """
    files, manifest = _taken_apart(model)
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.part")
    try:
        _write_folder(aside, {**files, MANIFEST: manifest.to_bytes()})
        _move_in(aside, folder, manifest)
    except OSError as error:
        raise StoreError(
            f"the artefact cannot be written ({error.strerror})",
            where=str(folder),
            todo="free some space or make the folder writable; nothing was half-written",
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def manifest_of(model: TrainedModel) -> Manifest:
    """The manifest a model would be saved with; equal models have equal ones."""
    return _taken_apart(model)[1]


def load(folder: Path, digest: str | None = None) -> TrainedModel:
    """Read a model back, every byte checked first.

    Parameters
    ----------
    folder : what `save` wrote.
    digest : the manifest's digest as the store has it; None checks the folder against its own manifest only.

    Raises
    ------
    TamperedArtefact : a file is missing, too many, too large or not what was written.
    """
    if not folder.is_dir():
        raise TamperedArtefact("the artefact's folder is missing", where=str(folder), todo=_RESTORE)
    raw = _read(folder / MANIFEST)
    if digest is not None and _digest(raw) != digest:
        raise TamperedArtefact(
            "the manifest is not the one that was registered", where=str(folder / MANIFEST), todo=_RESTORE
        )
    manifest = Manifest.from_bytes(raw, str(folder / MANIFEST))
    _check_names(folder, manifest)
    files = {name: _checked(folder / name, *manifest.files[name]) for name in sorted(PARTS)}
    try:
        return _put_together(manifest, files)
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise TamperedArtefact(
            f"the parts do not make a model ({type(error).__name__})", where=str(folder), todo=_RESTORE
        ) from error


def _taken_apart(model: TrainedModel) -> tuple[dict[str, bytes], Manifest]:
    files = {
        "contract.json": _json_bytes(model.contract.to_json()),
        "plan.json": _json_bytes(model.plan.to_json()),
        "calibration.json": _json_bytes(model.output.to_json()),
        "card.json": _json_bytes(_without_nan(model.card)),
        SCORER: _npz_bytes(model.scorer.to_arrays()),
    }
    sums = {name: (len(raw), _digest(raw)) for name, raw in sorted(files.items())}
    return files, Manifest(model.usecase, model.scorer.kind, sums)


def _put_together(manifest: Manifest, files: Mapping[str, bytes]) -> TrainedModel:
    parts = {name: json.loads(files[name]) for name in JSON_PARTS}
    return TrainedModel(
        manifest.usecase,
        Contract.from_json(parts["contract.json"]),
        Plan.from_json(parts["plan.json"]),
        scorer_from_arrays(manifest.scorer, _npz_arrays(files[SCORER])),
        output_from_json(parts["calibration.json"]),
        parts["card.json"],
    )


def _json_bytes(value: Any) -> bytes:
    # repr of a float reads back as the same float; key order is the writer's, so equal models give equal bytes.
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1).encode()


def _without_nan(value: Any) -> Any:
    """A card with null where a figure does not exist: JSON has no NaN."""
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An npz of the arrays; the same arrays give the same bytes (zip members carry no clock time)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w") as part:
                np.lib.format.write_array(part, np.asanyarray(array), allow_pickle=False)
    return file.getvalue()


def _npz_arrays(raw: bytes) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST[SCORER]:
            raise ValueError("the arrays unfold to more than is allowed")
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, raw in files.items():
        with (folder / name).open("xb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
    sync_folder(folder)


def _move_in(aside: Path, folder: Path, manifest: Manifest) -> None:
    if folder.exists():
        if _digest(_read(folder / MANIFEST)) == manifest.digest:
            return  # an earlier try was cut off between this rename and the store's commit
        raise StoreError("the folder is taken", where=str(folder), todo="move it away and try again")
    aside.rename(folder)
    sync_folder(folder.parent)


def _check_names(folder: Path, manifest: Manifest) -> None:
    there = {path.name for path in folder.iterdir()}
    for missing in sorted((PARTS | set(manifest.files)) - there):
        raise TamperedArtefact("the file is missing", where=str(folder / missing), todo=_RESTORE)
    for extra in sorted((there | set(manifest.files)) - PARTS - {MANIFEST}):
        raise TamperedArtefact("the file does not belong here", where=str(folder / extra), todo=_RESTORE)
    for missing in sorted(PARTS - set(manifest.files)):
        raise TamperedArtefact("the manifest does not list it", where=str(folder / missing), todo=_RESTORE)


def _checked(path: Path, size: int, digest: str) -> bytes:
    raw = _read(path)
    if len(raw) != size or _digest(raw) != digest:
        raise TamperedArtefact("the file is not what was written", where=str(path), todo=_RESTORE)
    return raw


def _read(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise TamperedArtefact("the file is missing", where=str(path), todo=_RESTORE)
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST[path.name] + 1)
    except OSError as error:
        raise StoreError(f"the file cannot be read ({error.strerror})", where=str(path)) from error
    if len(raw) > LARGEST[path.name]:
        raise TamperedArtefact("the file is larger than any we write", where=str(path), todo=_RESTORE)
    return raw
