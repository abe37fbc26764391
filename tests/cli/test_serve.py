from __future__ import annotations

import socket

import pytest

from loanbook.cli import main


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org", "127.0.0.1.example.org"])
def test_other_machines_are_not_served_without_keys(host, sample_book, capsys):
    assert main(["serve", "--host", host, "--book", str(sample_book.path)]) == 2
    said = capsys.readouterr().err
    assert "no keys yet" in said
    assert "--host" in said
    assert "keys create" in said


def test_a_taken_port_is_a_paragraph(sample_book, capsys):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        assert main(["serve", "--port", str(port), "--book", str(sample_book.path)]) == 2
    said = capsys.readouterr().err
    assert f"port {port} is taken" in said
    assert "--port" in said


def test_a_missing_book_is_a_paragraph(tmp_path, capsys):
    assert main(["serve", "--book", str(tmp_path / "loanbook.toml")]) == 2
    assert "loanbook.toml" in capsys.readouterr().err


def test_a_store_that_cannot_be_opened_is_a_paragraph(sample_book, capsys):
    sample_book.home.write_text("in the way")
    assert main(["serve", "--port", "0", "--book", str(sample_book.path)]) == 2
    said = capsys.readouterr().err
    assert "folder cannot be made" in said
    assert "Traceback" not in said


def test_a_format_of_logs_that_is_not_there_is_a_paragraph(sample_book, capsys):
    assert main(["serve", "--log-format", "xml", "--book", str(sample_book.path)]) == 2
    assert "text or json" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--port", "x"], ["--port", "70000"], ["--workers", "0"]])
def test_wrong_options_are_refused(words, capsys):
    assert main(["serve", *words]) == 2
    assert words[0] in capsys.readouterr().err
