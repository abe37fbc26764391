"""The pages of the documentation, taken apart: sections, blocks, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import loanbook as lb
from loanbook.data import samples

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
AFTER = ("status", "term_months", "disbursement_date", "disbursed", "charge_off_date", "charged_off", "balance")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text without the page's indent, the line it starts on."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """A page of Markdown."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """The page without its blocks."""
        return re.sub(r"^( *)```.*?^\1```$", "", self.text, flags=re.MULTILINE | re.DOTALL)

    def blocks(self, *languages: str) -> Iterator[Block]:
        for found in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", self.text, re.MULTILINE | re.DOTALL):
            indent, language, text = found.groups()
            if language in languages:
                plain = "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))
                yield Block(language, plain, self.text.count("\n", 0, found.start()) + 1)

    def section(self, heading: str) -> str:
        """What stands below a heading, up to the next of its level; "" when there is no such heading."""
        level = len(heading) - len(heading.lstrip("#"))
        found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{level}}} |\Z)", self.text, re.MULTILINE | re.DOTALL)
        return found[1] if found else ""

    def anchors(self) -> set[str]:
        """What links to this page may name, as the site's builder makes them."""
        from markdown.extensions.toc import slugify

        titles = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {slugify(re.sub(r"`|\[|\]\([^)]*\)", "", title), "-") for title in titles}


@pytest.fixture(scope="session")
def page() -> Callable[[str], Page]:
    """`page("reference/book.md")`."""
    return lambda name: Page(DOCS / name)


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a small model was trained, with `new.csv` to score: where the blocks of a page may run."""
    folder = tmp_path_factory.mktemp("docs")
    loans = pl.read_parquet(samples.path("sba_7a")).gather_every(20)
    loans.write_parquet(folder / "loans.parquet")
    loans.tail(50).drop(AFTER).write_csv(folder / "new.csv")
    ignored = ", ".join(f'"{name}"' for name in AFTER if name not in ("status", "charge_off_date"))
    (folder / "loanbook.toml").write_text(
        '[risk]\ndata = "loans.parquet"\ntarget = "status"\nbad = "charged_off"\nid = "loan_number"\n'
        f'time = "approval_date"\noutcome_time = "charge_off_date"\namount = "amount"\nignore = [{ignored}]\n',
        encoding="utf-8",
    )
    lb.train(lb.Book.load(folder / "loanbook.toml"), "risk", only=["approve_all", "logistic"])
    return folder
