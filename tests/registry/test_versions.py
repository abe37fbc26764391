from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from loanbook.errors import BookError, RegistryError, TamperedArtefact
from loanbook.registry import artefacts
from loanbook.registry.versions import Registry


@pytest.fixture(params=["sqlite", "postgresql"])
def registry(request, sample_book):
    book = sample_book
    if request.param == "postgresql":
        book = replace(book, store=request.getfixturevalue("fresh_postgres_url"))
    registry = Registry(book)
    yield registry
    registry.close()


@pytest.fixture
def models(trained_models):
    """Six models that differ in their cards."""
    model = trained_models["logistic"]
    return [replace(model, card={**model.card, "number": number}) for number in range(6)]


def roles(registry):
    return [one.role for one in registry.versions("risk")]


def test_nothing_is_there_at_first(registry):
    assert registry.champion("risk") is None
    assert registry.challenger("risk") is None
    assert registry.versions("risk") == []
    with pytest.raises(RegistryError, match=r"no version yet.*loanbook train risk"):
        registry.version("risk", 1)


def test_the_first_decides_and_later_ones_challenge(registry, models):
    for model in models[:3]:
        registry.register("risk", model)
    assert roles(registry) == ["champion", "", "challenger"]
    assert registry.champion("risk").version == 1
    assert registry.challenger("risk").version == 3


def test_a_version_knows_its_rung_figures_and_artefact(registry, models):
    version = registry.register("risk", models[0])
    assert (version.rung, version.metrics) == ("logistic", models[0].card["metrics"])
    assert version.folder == f"risk/1-{version.digest[:12]}"
    assert registry.load("risk", 1).card["number"] == 0


def test_the_same_model_is_not_stored_twice(registry, models):
    first = registry.register("risk", models[0])
    registry.register("risk", models[1])
    assert registry.register("risk", models[0]) == first
    assert len(registry.versions("risk")) == 2


def test_use_cases_are_numbered_apart(registry, models):
    assert registry.register("risk", models[0]).version == 1
    assert registry.register("fraud", models[0]).version == 1


def test_promotion_and_rollback_walk_the_line_of_champions(registry, models):
    for model in models[:3]:
        registry.register("risk", model)
    registry.promote("risk", 3, why="better", who="ann")
    assert roles(registry) == ["", "", "champion"]
    registry.promote("risk", 2, who="ann")
    assert registry.rollback("risk", why="worse", who="bob").version == 3
    assert registry.rollback("risk", who="bob").version == 1
    with pytest.raises(RegistryError, match="was champion before"):
        registry.rollback("risk")
    registry.promote("risk", 2)
    assert registry.rollback("risk").version == 1


def test_every_change_of_role_is_kept_with_who_when_and_why(registry, models):
    for model in models[:2]:
        registry.register("risk", model)
    registry.promote("risk", 2, why="better", who="ann")
    registry.rollback("risk", why="worse", who="bob")
    said = [
        (one.action, one.role, one.from_version, one.to_version, one.who, one.why)
        for one in registry.history("risk")[2:]
    ]
    assert said == [
        ("promote", "challenger", 2, None, "ann", "better"),
        ("promote", "champion", 1, 2, "ann", "better"),
        ("rollback", "champion", 2, 1, "bob", "worse"),
    ]
    moments = [one.at for one in registry.history("risk")]
    assert moments == sorted(moments)


def test_promoting_the_champion_changes_nothing(registry, models):
    registry.register("risk", models[0])
    before = registry.history("risk")
    assert registry.promote("risk", 1).role == "champion"
    assert registry.history("risk") == before


def test_an_unknown_version_names_those_there_are(registry, models):
    registry.register("risk", models[0])
    for ask in (registry.promote, registry.load, registry.version):
        with pytest.raises(RegistryError, match=r"has no version 7.*one of 1"):
            ask("risk", 7)
    assert roles(registry) == ["champion"]


def test_many_trainings_at_a_time_get_numbers_of_their_own(registry, models):
    threads = [threading.Thread(target=registry.register, args=("risk", model)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.version for one in registry.versions("risk")] == [1, 2, 3, 4, 5, 6]
    assert sorted(roles(registry)) == ["", "", "", "", "challenger", "champion"]
    assert {registry.load("risk", one).card["number"] for one in range(1, 7)} == set(range(6))


def test_a_folder_left_by_a_crash_is_taken_over(registry, models, monkeypatch):
    real = artefacts.save

    def save_then_die(model, folder):
        real(model, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(artefacts, "save", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        registry.register("risk", models[0])
    assert registry.versions("risk") == []
    monkeypatch.setattr(artefacts, "save", real)
    assert registry.register("risk", models[0]).version == 1
    registry.load("risk", 1)


def test_a_changed_artefact_is_refused(registry, models):
    version = registry.register("risk", models[0])
    path = registry.folder / version.folder / "card.json"
    path.write_text(path.read_text().replace("logistic", "logistik"))
    with pytest.raises(TamperedArtefact, match=r"card\.json"):
        registry.load("risk", 1)


def test_object_stores_are_refused_for_now(sample_book):
    with pytest.raises(BookError, match="s3://"):
        Registry(replace(sample_book, artifacts="s3://bucket/prefix"))
