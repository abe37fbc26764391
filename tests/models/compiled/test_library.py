"""The library: built where there is a compiler, used only when it is of this source, missed by nobody."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import hatch_build
from loanbook.models.compiled import library, why_absent
from loanbook.models.compiled.library import FOLDER, LIBRARY, SOURCE, open_library
from loanbook.registry import artefacts

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the source alone."""
    shutil.copy(FOLDER / SOURCE, tmp_path)
    return tmp_path


def test_what_was_built_opens(folder):
    assert hatch_build.build(folder) is None
    opened, why_not = open_library(folder)
    assert opened is not None
    assert why_not is None


def test_without_a_compiler_nothing_is_built_and_the_reason_is_said(folder, monkeypatch):
    (folder / LIBRARY).write_bytes(b"of an earlier day")
    monkeypatch.setenv("CC", "/nonexistent")
    assert hatch_build.build(folder) == "/nonexistent: No such file or directory"
    assert open_library(folder) == (None, "loanbook was installed without a C compiler")


def test_a_source_that_does_not_compile_is_told(folder):
    (folder / SOURCE).write_text("no C at all", encoding="utf-8")
    assert "gave 1" in str(hatch_build.build(folder))
    assert not (folder / LIBRARY).exists()


def test_a_library_of_another_source_is_not_used(folder):
    hatch_build.build(folder)
    with (folder / SOURCE).open("a", encoding="utf-8") as file:
        file.write("/* changed */\n")
    opened, why_not = open_library(folder)
    assert opened is None
    assert "another source" in str(why_not)


def test_what_is_no_library_is_not_used(folder):
    (folder / LIBRARY).write_bytes(b"\x7fELF")
    opened, why_not = open_library(folder)
    assert opened is None
    assert "cannot be loaded" in str(why_not)


def test_the_compiler_keeps_every_rounding():
    assert "-ffp-contract=off" in hatch_build.FLAGS
    assert not {"-ffast-math", "-Ofast", "-march=native"} & set(hatch_build.FLAGS)
    assert why_absent() is None


def test_without_the_kernel_another_process_gives_the_same_bits(models, hard_codes, tmp_path):
    model = models["xgboost"]
    artefacts.save(model, tmp_path / "model")
    np.save(tmp_path / "codes.npy", hard_codes)
    script = """if True:
        import sys
        from pathlib import Path
        import numpy as np
        from loanbook.models.compiled import why_absent
        from loanbook.registry import artefacts
        folder = Path(sys.argv[1])
        model = artefacts.load(folder / "model")
        scored = model.score_codes(np.load(folder / "codes.npy"))
        np.savez(folder / "found.npz", level=scored.level, moved=model.contributions(scored.x, scored.margin))
        print(why_absent())
    """
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
    environment = {**os.environ, library.OFF: "off"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "LOANBOOK_KERNEL=off"
    scored = model.score_codes(hard_codes)
    with np.load(tmp_path / "found.npz") as found:
        assert np.array_equal(found["level"], scored.level)
        assert np.array_equal(found["moved"], model.contributions(scored.x, scored.margin))


@pytest.mark.parametrize(("compiler", "tag"), [(None, "py3-none-"), ("/nonexistent", "py3-none-any")])
def test_a_wheel_with_the_library_is_of_this_platform_and_one_without_of_all(compiler, tag, tmp_path, monkeypatch):
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.parquet"))
    if compiler:
        monkeypatch.setenv("CC", compiler)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    assert tag in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert f"loanbook/models/compiled/{SOURCE}" in names
    assert (f"loanbook/models/compiled/{LIBRARY}" in names) == ("any" not in wheel.name) == (compiler is None)
