"""Whatever goes wrong: one paragraph, the right exit code, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import types

import pytest

from loanbook.cli import main
from loanbook.cli.commands import COMMANDS
from loanbook.cli.options import positionals, split
from loanbook.errors import BookError, LoanbookError


@pytest.fixture
def command(monkeypatch):
    """`command(do)` lets `loanbook train` call `do()`."""

    def install(do):
        module = types.ModuleType("loanbook.cli.train")

        def train(json: bool = False):
            return do()

        module.command = train
        monkeypatch.setitem(sys.modules, "loanbook.cli.train", module)

    return install


def raiser(error):
    def do():
        raise error

    return do


def test_help_names_every_command_and_imports_none(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name, line in COMMANDS.items():
        assert f"  {name}" in out
        assert line in out
    assert main([]) == 0
    assert capsys.readouterr().out == out


def test_help_is_quick_and_imports_nothing_heavy():
    script = (
        "import sys, time; from loanbook.cli import main; main(['--help']);"
        "heavy = {'numpy', 'polars', 'pandas', 'sklearn', 'xgboost', 'rich.table', 'sqlalchemy', 'fastapi'};"
        "print(sorted(heavy & set(sys.modules)), time.process_time(), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy, _, seconds = run.stderr.strip().rpartition(" ")
    assert heavy == "[]"
    assert float(seconds) < 0.4


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("loanbook 0.")


@pytest.mark.parametrize(("answer", "code"), [(None, 0), (0, 0), (1, 1), (2, 2), ("text", 0)])
def test_a_command_returns_its_exit_code(command, answer, code):
    command(lambda: answer)
    assert main(["train"]) == code


@pytest.mark.parametrize(
    ("error", "paragraph"),
    [
        (BookError("x is wrong", where="loanbook.toml", todo="mend it"), "loanbook.toml: x is wrong. Mend it."),
        (OSError(errno.ENOSPC, "No space left", "out.csv"), "out.csv: the disk is full; nothing half-written"),
        (PermissionError(errno.EACCES, "Permission denied", "a.db"), "a.db: no permission to read or write this."),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.csv"), "x.csv: there is no such file or folder."),
        (OSError(errno.EIO, "Input/output error", "x"), "x: the system refused: input/output error."),
        (MemoryError(), "the memory is not enough for this."),
        (ModuleNotFoundError("No", name="fastapi.x"), "install it with: pip install 'loanbook[serve]'"),
    ],
)
def test_every_fault_is_one_paragraph(command, capsys, error, paragraph):
    command(raiser(error))
    assert main(["train"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert paragraph.lower() in err.lower()


def test_with_json_an_error_is_json(command, capsys):
    command(raiser(BookError("x is wrong", where="loanbook.toml, line 3", todo="mend it")))
    assert main(["train", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {
        "error": {
            "kind": "BookError",
            "message": "loanbook.toml, line 3: x is wrong. Mend it.",
            "what": "x is wrong",
            "where": "loanbook.toml, line 3",
            "todo": "mend it",
        }
    }


def test_a_bug_of_ours_leaves_a_log_and_asks_for_a_report(command, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    command(raiser(KeyError("nothing there")))
    assert main(["train"]) == 2
    err = capsys.readouterr().err
    (log,) = tmp_path.glob("loanbook-*.log")
    assert "a fault of loanbook, not yours (KeyError: 'nothing there')" in err
    assert str(log) in err
    assert "Traceback" not in err
    assert "Traceback" in log.read_text()
    monkeypatch.setenv("LOANBOOK_DEBUG", "1")
    main(["train"])
    assert "Traceback" in capsys.readouterr().err


def test_stopping_is_no_error(command, capsys):
    command(raiser(KeyboardInterrupt()))
    assert main(["train"]) == 130
    assert capsys.readouterr().err.strip() == "loanbook: stopped."


@pytest.mark.parametrize(
    ("words", "paragraph"),
    [
        (["trian"], "no such command 'trian'. Perhaps 'train' is meant. See `loanbook --help`."),
        (["train", "--jsn"], "loanbook: train: no such option: --jsn"),
        (["train", "a"], "See `loanbook train --help`."),
        (["--nope"], "no such option: --nope"),
    ],
)
def test_wrong_use_is_one_paragraph(command, capsys, words, paragraph):
    command(lambda: 0)
    assert main(words) == 2
    err = capsys.readouterr().err
    assert paragraph in err
    assert err.count("\n") == 1


def test_a_reader_who_has_gone_is_no_error():
    run = subprocess.run(
        f"{sys.executable} -c 'import sys; from loanbook.cli import main; sys.exit(main([\"--help\"]))' >&0",
        shell=True,
        stdin=_closed_pipe(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    assert run.returncode == 141


def test_a_full_disk_behind_stdout_is_one_paragraph():
    with open("/dev/full", "w") as full:  # noqa: PTH123 a device
        run = subprocess.run(
            [sys.executable, "-c", "import sys; from loanbook.cli import main; sys.exit(main(['--help']))"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert run.returncode == 2
    assert run.stderr.startswith("loanbook: the disk is full")
    assert run.stderr.count("\n") == 1


def test_the_first_positional_may_be_a_use_case():
    assert split(["fraud", "a.csv"]) == ("fraud", ["a.csv"])
    assert split(["promote", "3"]) == ("risk", ["promote", "3"])
    assert positionals(["risk", "./risk"], "INPUT") == ("risk", ["./risk"])
    with pytest.raises(LoanbookError, match="INPUT is missing"):
        positionals([], "INPUT")
    with pytest.raises(LoanbookError, match="'b' is one word too many"):
        positionals(["a", "b"], "INPUT")


def _closed_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return writer
