from __future__ import annotations

import json
from dataclasses import replace

import pytest

from loanbook.cli import main
from loanbook.registry.versions import Registry


@pytest.fixture
def trained(sample_book, trained_models, monkeypatch):
    """A folder with a book and three versions: 1 decides, 3 waits."""
    registry = Registry(sample_book)
    for number in range(3):
        model = trained_models["logistic"]
        registry.register("risk", replace(model, card={**model.card, "number": number}))
    registry.close()
    monkeypatch.chdir(sample_book.path.parent)
    return sample_book


def answer(capsys, *words):
    code = main(["models", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def roles(capsys):
    return [one["role"] for one in answer(capsys)[1]["models"]]


@pytest.mark.parametrize("words", [(), ("risk",), ("list",), ("risk", "list"), ("list", "risk")])
def test_versions_are_listed(trained, capsys, words):
    code, found = answer(capsys, *words)
    assert code == 0
    assert [(one["version"], one["role"]) for one in found["models"]] == [
        (1, "champion"),
        (2, None),
        (3, "challenger"),
    ]
    assert main(["models", *words]) == 0
    said = capsys.readouterr().out
    assert "champion" in said
    assert "0.7000" in said


@pytest.mark.parametrize("words", [("promote", "2"), ("risk", "promote", "2"), ("promote", "risk", "2")])
def test_a_version_is_promoted_wherever_the_use_case_stands(trained, capsys, words):
    code, found = answer(capsys, *words)
    assert (code, found["version"], found["role"], found["before"]) == (0, 2, "champion", 1)
    assert roles(capsys) == [None, "champion", "challenger"]


def test_rollback_goes_back_and_says_so(trained, capsys):
    main(["models", "promote", "3", "--why", "better in May"])
    assert "risk version 3 decides now; before it, version 1." in capsys.readouterr().out
    assert main(["models", "rollback"]) == 0
    assert "risk version 1 decides now; before it, version 3." in capsys.readouterr().out
    assert main(["models", "rollback"]) == 2
    assert "was champion before" in capsys.readouterr().err
    main(["models", "promote", "1"])
    assert "is the champion already" in capsys.readouterr().out


def test_a_version_is_shown_with_its_figures_and_history(trained, capsys):
    main(["models", "promote", "3", "--why", "better in May"])
    capsys.readouterr()
    code, found = answer(capsys, "show", "3")
    assert code == 0
    assert found["card"]["number"] == 2
    assert "quantiles" not in found["card"]
    assert [one["action"] for one in found["history"]] == ["register", "promote", "promote"]
    assert found["history"][-1]["why"] == "better in May"
    main(["models", "show", "3"])
    said = capsys.readouterr().out
    assert "better in May" in said
    assert "becomes champion" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["promote"], "takes one version"),
        (["promote", "9"], "has no version 9. Choose one of 1, 2, 3"),
        (["promote", "two"], "'two' is not a version number"),
        (["promote", "-1"], ""),
        (["rollback", "2"], "takes no version"),
        (["demote", "2"], "'demote' is not something models can do"),
        (["fraud"], "no section [fraud]"),
    ],
)
def test_wrong_use_is_a_paragraph_and_exit_code_2(trained, capsys, words, said):
    assert main(["models", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_an_untrained_book_says_how_to_train(sample_book, monkeypatch, capsys):
    monkeypatch.chdir(sample_book.path.parent)
    assert main(["models"]) == 0
    assert "loanbook train risk" in capsys.readouterr().out
    assert main(["models", "show", "1"]) == 2
    assert "loanbook train risk" in capsys.readouterr().err


def test_a_changed_artefact_is_refused(trained, capsys):
    registry = Registry(trained)
    (registry.folder / registry.version("risk", 2).folder / "card.json").write_text("{}")
    registry.close()
    assert main(["models", "show", "2"]) == 2
    assert "card.json" in capsys.readouterr().err
