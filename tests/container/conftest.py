from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.registry.versions import Registry
from tests.container.engine import IMAGE, NEEDS, ROOT, Container, Engine, helper

UID = 10001


@pytest.fixture(scope="session")
def engine(need: Callable[[str], None]) -> Iterator[Engine]:
    """buildah and podman. Their images are kept in .cache/container, so that a second run need not make the base."""
    for tool in NEEDS:
        if not helper(tool):
            need(tool)
    if os.geteuid() != 0:
        need("root's rights")
    engine = Engine(ROOT / ".cache" / "container")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """The Dockerfile, built."""
    return engine.build(ROOT, IMAGE)


@pytest.fixture(scope="session")
def lender(tmp_path_factory, trained_models) -> Path:
    """A lender's folder: a book that refers what lies between 10% and 25%, and a home with a champion."""
    folder = tmp_path_factory.mktemp("lender")
    text = samples.book("sba_7a").read_text(encoding="utf-8")
    text = text.replace('objective = "profit"', "approve_below = 0.10\ndecline_from = 0.25\n#")
    (folder / "loanbook.toml").write_text(text, encoding="utf-8")
    registry = Registry(Book.load(folder / "loanbook.toml"))
    registry.register("risk", trained_models["logistic"])
    registry.close()
    return folder


@pytest.fixture(scope="session")
def application(small_sample, trained_models):
    """One application as JSON would bring it."""
    row = small_sample.select(list(trained_models["logistic"].contract.names)).row(7, named=True)
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


@pytest.fixture(scope="session")
def start(engine, image, lender, tmp_path_factory):
    """`start(*options)` runs the service as the guide says, on a copy of the lender's folder; gone when all is over.

    With `home=False` there is the book alone, and the engine makes an empty home.
    """
    started = []

    def run(*options: str, home: bool = True) -> Container:
        folder = tmp_path_factory.mktemp("copy") / "lender"
        shutil.copytree(lender, folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, UID, UID)
        container = Container(
            engine,
            "--read-only",
            "--read-only-tmpfs=false",
            "--tmpfs=/tmp",
            "--cap-drop=all",
            "--security-opt=no-new-privileges",
            "--env=WEB_CONCURRENCY=2",
            f"--volume={folder}/loanbook.toml:/book/loanbook.toml:ro",
            *([f"--volume={folder}/.loanbook:/book/.loanbook"] if home else []),
            *options,
            image,
        )
        container.folder = folder
        started.append(container)
        return container

    yield run
    for container in started:
        container.remove()


@pytest.fixture(scope="session")
def service(start):
    """One that decides; for tests that leave it running."""
    container = start()
    container.wait()
    return container
