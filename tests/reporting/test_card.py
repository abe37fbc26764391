"""The model card: whole, harmless, readable without scripts, and equal to what the training stored."""

from __future__ import annotations

import json
import re
import shutil
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from loanbook import lifecycle
from loanbook.book import Book
from loanbook.errors import LoanbookError
from loanbook.evaluation.metrics import calibration_error
from loanbook.reporting.card import CHAPTERS, model_card
from loanbook.reporting.page import POLICY, html
from loanbook.reporting.parts import Picture
from loanbook.usecases import find

RISK = [
    *("summary", "split", "ladder", "pareto", "overfitting", "ranking", "calibration", "profit", "impact"),
    *("drivers", "reasons", "structure", "fairness", "data", "limits"),
]
AMOUNT = [
    *("summary", "split", "ladder", "pareto", "overfitting", "answers", "intervals", "drivers", "data", "limits"),
]


def figures(page, chapter):
    return page.figures()[chapter]


def test_every_chapter_is_there_and_none_is_empty(card):
    assert [chapter.name for chapter in card.chapters] == RISK
    assert [chapter.name for chapter in card.chapters if "absent" in chapter.figures] == []


def test_a_use_case_picks_its_own_chapters(trained):
    page = model_card(trained, find("amount"))
    assert [chapter.name for chapter in page.chapters] == AMOUNT
    assert [chapter.name for chapter in page.chapters if "absent" in chapter.figures] == []
    told = figures(page, "answers")
    test = lifecycle.last_test(trained, find("amount"))
    rung = lifecycle.last_report(trained, find("amount"))["rung"]
    missed = (test[f"p_{rung}"] - test["y"]).to_numpy()
    assert told["bias"] == pytest.approx(missed.mean())
    assert told["median_absolute_error"] == pytest.approx(np.median(np.abs(missed)))


def test_every_use_case_that_can_be_trained_has_its_list():
    from loanbook.usecases import USECASES

    assert {usecase.name for usecase in USECASES} == set(CHAPTERS)


def test_the_page_is_well_formed_and_asks_for_nothing(card_html, parse):
    root = parse(card_html)
    text = card_html.decode()
    assert not re.search(r"https?://", text)
    assert not root.all("script")
    assert not root.all("img")
    assert {link.attributes["href"] for link in root.all("link")} == {"data:,"}
    policies = [meta.attributes["content"] for meta in root.all("meta") if "http-equiv" in meta.attributes]
    assert policies == [POLICY]
    assert not re.search(r"url\((?!#)", text)


def test_what_an_address_on_the_page_names_is_there_once(card_html, parse):
    root = parse(card_html)
    found = [
        one.attributes["id"]
        for tag in ("h1", "h2", "h3", "h4", "main", "path", "clippath", "g", "defs")
        for one in root.all(tag)
        if "id" in one.attributes
    ]
    assert len(found) == len(set(found))
    named = {one.attributes["href"] for tag in ("a", "use") for one in root.all(tag)}
    assert {f"#{name}" for name in found} >= named
    clipped = set(re.findall(r"url\(#([^)]+)\)", card_html.decode()))
    assert clipped <= set(found)


def test_headings_and_landmarks_come_in_order(card_html, parse):
    root = parse(card_html)
    for landmark in ("header", "main", "nav", "footer", "h1"):
        assert len(root.all(landmark)) == 1
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", card_html.decode())]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_chart_has_its_words_and_its_table(card, card_html, parse):
    root = parse(card_html)
    pictures = [block for chapter in card.chapters for block in chapter.blocks if isinstance(block, Picture)]
    figures = root.all("figure")
    assert len(pictures) == len(figures) >= 10
    for figure in figures:
        drawn = [one for one in figure.all("div") if one.attributes.get("role") == "img"]
        assert len(drawn) == 1
        assert len(drawn[0].attributes["aria-label"]) > 20
        assert len(figure.all("svg")) == 1
        table = figure.all("details")[0].all("table")[0]
        assert table.all("caption")[0].text
        assert len(table.all("tr")) > 1
        assert {cell.attributes["scope"] for cell in table.all("th")} == {"col", "row"}


def test_every_row_of_a_table_is_as_wide_as_its_head(card_html, parse):
    for table in parse(card_html).all("table"):
        widths = {len(row.all("th")) + len(row.all("td")) for row in table.all("tr")}
        assert len(widths) == 1


def test_a_table_of_figures_holds_figures(card):
    (ranking,) = [chapter for chapter in card.chapters if chapter.name == "ranking"]
    (scores,) = [block for block in ranking.blocks if getattr(block, "title", "") == "Scores by outcome"]
    counted = sum(int(cell.replace(",", "")) for row in scores.table.rows for cell in row[1:])
    assert counted == card.figures()["split"]["test"]


def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(card_html, parse):
    regions = [one for tag in ("div", "pre") for one in parse(card_html).all(tag) if "tabindex" in one.attributes]
    assert regions
    assert all(one.attributes["role"] == "region" and one.attributes["aria-label"] for one in regions)


def test_names_and_values_of_the_table_are_only_text(card, card_html, parse):
    root = parse(card_html)  # a tag out of a name would break the order of tags, or be a script
    text = card_html.decode()
    assert "<Sons>" not in text
    assert "Smith &amp; &lt;Sons&gt;" in text
    assert "<b>" not in text
    assert "alert(" not in re.sub(r"&lt;/?script&gt;alert\(\d\)", "", text)
    assert not root.all("script")
    assert "<b>\"x\"</b> & $a_1$ 'y' --> 金額" in root.text
    assert "figures" not in {chapter.name for chapter in card.chapters}


def test_the_same_training_gives_the_same_bytes(trained, card_html):
    assert html(model_card(trained, find("risk"))) == card_html


def test_the_figures_are_those_of_the_training(trained, card):
    report, test = lifecycle.last_report(trained, find("risk")), lifecycle.last_test(trained, find("risk"))
    said = test[f"p_{report['rung']}"].to_numpy()
    assert figures(card, "summary")["metrics"] == report["metrics"]
    assert figures(card, "ladder")["rungs"] == report["ladder"]
    assert figures(card, "ranking")["auc"] == pytest.approx(report["metrics"]["auc"]["value"], abs=1e-12)
    assert figures(card, "ranking")["ks"] == pytest.approx(report["metrics"]["ks"]["value"], abs=1e-12)
    error = figures(card, "calibration")["calibration_error"]
    assert error == pytest.approx(report["metrics"]["calibration_error"]["value"], abs=1e-12)
    bins = figures(card, "calibration")["bins"]
    assert error == pytest.approx(sum(b["loans"] * abs(b["promised"] - b["observed"]) for b in bins) / len(said))
    assert error == calibration_error(test["y"].to_numpy(), said)
    best = {name: report["worth"]["best_cutoff"][name] for name in ("value", "low", "high")}
    assert figures(card, "profit")["best_cutoff"] == best


def test_the_impact_statement_is_reproduced_from_the_stored_answers(trained, card):
    report = lifecycle.last_report(trained, find("risk"))
    told = figures(card, "impact")
    assert told["reproduced"] is True
    assert told["avoided"] == report["worth"]["avoided"]
    assert told["sentence"] == report["worth"]["sentence"]


def test_an_impact_that_is_not_reproduced_is_said_so(trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path.parent, folder)
    path = folder / ".loanbook" / "reports" / "risk.json"
    report = json.loads(path.read_text())
    report["worth"]["avoided"]["everyone"]["value"] += 0.1
    path.write_text(json.dumps(report))
    page = model_card(Book.load(folder / "loanbook.toml"), find("risk"))
    assert figures(page, "impact")["reproduced"] is False
    (chapter,) = [chapter for chapter in page.chapters if chapter.name == "impact"]
    assert any("differ from those of the training" in getattr(block, "text", "") for block in chapter.blocks)


def test_importance_is_the_mean_of_the_contributions_that_reasons_are_made_of(trained, card):
    told = figures(card, "drivers")["importance"]
    assert sum(one["share"] for one in told) == pytest.approx(1.0)
    assert [one["mean"] for one in told] == sorted((one["mean"] for one in told), reverse=True)
    loans = figures(card, "drivers")["dependence"][0]["steps"]
    assert sum(step["loans"] for step in loans) <= lifecycle.last_test(trained, find("risk")).height


def test_rungs_that_can_be_read_are_shown_whole(card):
    (chapter,) = [chapter for chapter in card.chapters if chapter.name == "structure"]
    assert set(chapter.figures) == {"one_rule", "three_rules", "scorecard", "logistic_l1", "tree"}
    titles = {getattr(block, "title", getattr(block, "caption", "")) for block in chapter.blocks}
    assert {"Decision tree", "Regularisation path", "The scorecard"} <= titles


def test_the_printed_points_are_those_of_the_card_in_words(card):
    (chapter,) = [chapter for chapter in card.chapters if chapter.name == "structure"]
    (table,) = [block for block in chapter.blocks if getattr(block, "caption", "") == "The scorecard"]
    told = chapter.figures["scorecard"]
    for name, label, points, *_ in table.rows:
        line = name if name == "every loan" else label
        assert re.search(rf"{re.escape(line)} +{points}\b", told)


def test_the_drawn_tree_parts_all_loans_at_every_level(card):
    (chapter,) = [chapter for chapter in card.chapters if chapter.name == "structure"]
    (picture,) = [block for block in chapter.blocks if getattr(block, "title", "") == "Decision tree"]
    root, *below = picture.table.rows
    assert root[2] == "100.0%"
    second = [float(row[2].rstrip("%")) for row in below if row[0] == "2"]
    assert sum(second) == pytest.approx(100, abs=0.2)


def test_a_table_that_changed_since_is_noticed_and_nothing_wrong_is_shown(trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path.parent, folder)
    table = pl.read_parquet(folder / "loans.parquet")
    table.reverse().write_parquet(folder / "loans.parquet")
    page = model_card(Book.load(folder / "loanbook.toml"), find("risk"))
    absent = {chapter.name for chapter in page.chapters if "absent" in chapter.figures}
    assert absent == {"drivers", "reasons", "structure", "fairness"}
    assert figures(page, "ranking") is not None


def test_without_protected_columns_fairness_says_why_it_is_silent(trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path.parent, folder)
    book = folder / "loanbook.toml"
    book.write_text(book.read_text().replace('protected = ["urban_rural_code"]\n', ""))
    page = model_card(Book.load(book), find("risk"))
    assert "names no protected column" in figures(page, "fairness")["absent"]
    assert any("was not examined" in limit for limit in figures(page, "limits")["limits"])


def test_fairness_compares_the_decisions_on_the_test_rows(trained, card):
    (column,) = figures(card, "fairness")["columns"]
    assert column["column"] == "urban_rural_code"
    test = lifecycle.last_test(trained, find("risk"))
    assert sum(group["loans"] for group in column["groups"]) == test.height


def test_before_the_first_training_there_is_no_card(tmp_path, loans):
    from tests.reporting.conftest import written

    with pytest.raises(LoanbookError, match="Run `loanbook train risk` first"):
        model_card(written(tmp_path, loans), find("risk"))


def test_hovering_pictures_come_with_their_library_once_and_the_stills_stay(trained, parse):
    page = html(model_card(trained, find("risk"), interactive=True), interactive=True)
    text = page.decode()
    assert text.count('<div class="hover">') == 2
    assert text.count("plotly.js v") == 1
    assert text.count("<noscript>") == 2
    assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="http', text)
