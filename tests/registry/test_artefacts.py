from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from loanbook.errors import RegistryError, StoreError, TamperedArtefact
from loanbook.registry import artefacts
from loanbook.registry.artefacts import MANIFEST, PARTS, SCORER


@pytest.fixture(params=["logistic", "xgboost"])
def model(request, trained_models):
    return trained_models[request.param]


def test_what_is_loaded_scores_to_the_last_bit(model, small_sample, tmp_path):
    manifest = artefacts.save(model, tmp_path / "one")
    again = artefacts.load(tmp_path / "one", manifest.digest)
    before, after = model.score_table(small_sample), again.score_table(small_sample)
    for name in ("margin", "level", "value", "lower", "upper"):
        assert np.array_equal(getattr(before, name), getattr(after, name), equal_nan=True)
    few = before.x[~np.isnan(before.margin)][:50]
    assert np.array_equal(model.contributions(few), again.contributions(few))


def test_equal_models_make_equal_bytes(model, tmp_path):
    first, second = artefacts.save(model, tmp_path / "one"), artefacts.save(model, tmp_path / "two")
    assert first.digest == second.digest
    assert artefacts.manifest_of(model).digest == first.digest
    for name in (*PARTS, MANIFEST):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", sorted({*PARTS, MANIFEST}))
def test_one_changed_byte_is_refused_and_named(name, trained_models, tmp_path):
    digest = artefacts.save(trained_models["logistic"], tmp_path / "one").digest
    path = tmp_path / "one" / name
    raw = bytearray(path.read_bytes())
    for place in (0, len(raw) // 2, len(raw) - 1):
        raw[place] ^= 1
        path.write_bytes(raw)
        with pytest.raises(TamperedArtefact, match=name):
            artefacts.load(tmp_path / "one", digest)
        raw[place] ^= 1
    path.write_bytes(raw)
    artefacts.load(tmp_path / "one", digest)


@pytest.mark.parametrize("name", sorted({*PARTS, MANIFEST}))
def test_a_missing_file_is_refused_and_named(name, trained_models, tmp_path):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    (tmp_path / "one" / name).unlink()
    with pytest.raises(TamperedArtefact, match=name):
        artefacts.load(tmp_path / "one")


def test_an_extra_file_is_refused_and_named(trained_models, tmp_path):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    (tmp_path / "one" / "model.pkl").write_bytes(b"cos\nsystem")
    with pytest.raises(TamperedArtefact, match=r"model\.pkl"):
        artefacts.load(tmp_path / "one")


def test_a_link_to_elsewhere_is_refused(trained_models, tmp_path):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    path = tmp_path / "one" / SCORER
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TamperedArtefact, match=SCORER):
        artefacts.load(tmp_path / "one")


def test_a_whole_forged_artefact_is_refused_by_the_digest_in_the_store(trained_models, tmp_path):
    digest = artefacts.save(trained_models["logistic"], tmp_path / "one").digest
    artefacts.save(trained_models["xgboost"], tmp_path / "two")
    artefacts.load(tmp_path / "two")
    with pytest.raises(TamperedArtefact, match="not the one that was registered"):
        artefacts.load(tmp_path / "two", digest)


def test_a_file_too_large_is_refused_before_it_is_parsed(trained_models, tmp_path, monkeypatch):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    monkeypatch.setitem(artefacts.LARGEST, "card.json", 10)
    with pytest.raises(TamperedArtefact, match="larger than any"):
        artefacts.load(tmp_path / "one")


def _resealed(folder):
    """Give the manifest the digests of the files as they are now: what a forger would do."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    for name, part in manifest["files"].items():
        raw = (folder / name).read_bytes()
        part.update(bytes=len(raw), sha256=artefacts._digest(raw))
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_pickle_inside_the_arrays_is_never_run(trained_models, tmp_path):
    artefacts.save(trained_models["logistic"], tmp_path / "one")

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    np.savez(tmp_path / "one" / SCORER, intercept=np.array([Trap()], dtype=object))
    _resealed(tmp_path / "one")
    with pytest.raises(TamperedArtefact, match="do not make a model"):
        artefacts.load(tmp_path / "one")
    assert not (tmp_path / "ran").exists()


def test_parts_that_do_not_fit_are_refused(trained_models, tmp_path):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    (tmp_path / "one" / "plan.json").write_text("[]")
    _resealed(tmp_path / "one")
    with pytest.raises(TamperedArtefact, match="do not make a model"):
        artefacts.load(tmp_path / "one")


def test_arrays_that_unfold_to_gigabytes_are_refused(trained_models, tmp_path, monkeypatch):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    monkeypatch.setitem(artefacts.LARGEST, SCORER, (tmp_path / "one" / SCORER).stat().st_size)
    with pytest.raises(TamperedArtefact, match="do not make a model"):
        artefacts.load(tmp_path / "one")


def test_a_newer_format_is_refused(trained_models, tmp_path):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    manifest = json.loads((tmp_path / "one" / MANIFEST).read_bytes())
    (tmp_path / "one" / MANIFEST).write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(RegistryError, match="newer loanbook"):
        artefacts.load(tmp_path / "one")


def test_a_disk_that_refuses_leaves_nothing_behind(trained_models, tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artefacts.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        artefacts.save(trained_models["logistic"], tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_another_artefact_in_the_place_is_not_overwritten(trained_models, tmp_path):
    artefacts.save(trained_models["logistic"], tmp_path / "one")
    with pytest.raises(StoreError, match="the folder is taken"):
        artefacts.save(trained_models["xgboost"], tmp_path / "one")
    artefacts.load(tmp_path / "one", artefacts.manifest_of(trained_models["logistic"]).digest)


def test_a_figure_that_does_not_exist_is_null(trained_models, tmp_path):
    odd = replace(trained_models["logistic"], card={"auc": float("nan"), "folds": [1.0, float("inf")]})
    artefacts.save(odd, tmp_path / "one")
    assert artefacts.load(tmp_path / "one").card == {"auc": None, "folds": [1.0, None]}
