"""What is said of the metrics is true: in the reference, in the how-to, on the Grafana dashboard."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from loanbook.service.metrics import Metrics

ROOT = Path(__file__).parents[2]
ALWAYS = {"job", "le", "instance"}
"""Labels that Prometheus itself adds, and those of a histogram's buckets."""


def known():
    """Name as it is asked for → (kind, labels)."""
    metrics = Metrics()
    found = {}
    for one in vars(metrics).values():
        if hasattr(one, "_labelnames"):
            kind = type(one).__name__.lower()
            found[one._name + ("_total" if kind == "counter" else "")] = (kind, set(one._labelnames))
    return found


def wrong(expression):
    """What in a query no metric has: a name, or a label of its own."""
    found = []
    for name, selector in re.findall(r"(loanbook_\w+)(?:\{([^}]*)\})?", expression):
        plain = re.sub(r"_(bucket|count|sum)$", "", name)
        if plain not in known() or (plain != name and known()[plain][0] != "histogram"):
            found.append(name)
            continue
        labels = set(re.findall(r"(\w+)\s*[=!]~?", selector)) | set(
            re.findall(r"\w+", " ".join(re.findall(r"\b(?:by|ignoring) \(?([\w, ]*)\)", expression)))
        )
        found += sorted(labels - known()[plain][1] - ALWAYS)
    return found


def expressions(value):
    if isinstance(value, dict):
        yield from (text for name, text in value.items() if name in ("expr", "definition"))
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from expressions(part)


def dashboard():
    return json.loads((ROOT / "deploy" / "grafana" / "loanbook.json").read_text(encoding="utf-8"))


def test_there_are_metrics():
    assert known()["loanbook_decisions_total"] == ("counter", {"usecase", "decision"})
    assert known()["loanbook_decision_seconds"] == ("histogram", set())
    assert len(known()) >= 8


def test_the_reference_lists_every_metric_as_it_is_and_no_other():
    text = (ROOT / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `(loanbook_\w+)` \| (\w+) \| (.*?) ?\| ", text, re.MULTILINE)
    described = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in lines}
    assert described == known()


def test_a_wrong_query_is_noticed():
    assert wrong("rate(loanbook_decision_total[5m])") == ["loanbook_decision_total"]
    assert wrong('sum by (status) (loanbook_decisions_total{decision="refer"})') == ["status"]
    assert wrong("loanbook_decisions_total_bucket") == ["loanbook_decisions_total_bucket"]


def test_every_query_of_the_dashboard_names_what_there_is():
    queries = list(expressions(dashboard()))
    assert len(queries) >= 12
    assert not [(query, wrong(query)) for query in queries if wrong(query)]
    shown = {re.sub(r"_bucket$", "", name) for query in queries for name in re.findall(r"loanbook_\w+", query)}
    assert shown == set(known()), "a metric that is nowhere on the dashboard"


def test_every_panel_has_its_place_and_its_number():
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_the_expressions_of_the_how_to_name_what_there_is():
    text = (ROOT / "docs" / "how-to" / "observe-the-service.md").read_text(encoding="utf-8")
    queries = [code for code in re.findall(r"`([^`\n]+)`", text) if "loanbook_" in code]
    assert len(queries) >= 4
    assert not [(query, wrong(query)) for query in queries if wrong(query)]


def test_several_workers_count_together_and_show_the_version_that_was_set_last(tmp_path):
    """The first worker ends after a promotion, the second sees the rollback, the third is asked."""
    worker = "from loanbook.service.metrics import Metrics; metrics = Metrics(); "
    decided = "metrics.decisions.labels(usecase='risk', decision='refer').inc(); "
    codes = [
        worker + decided + "metrics.model.labels(usecase='risk').set(3)",
        worker + decided + "metrics.model.labels(usecase='risk').set(2)",
        worker + "print(metrics.text().decode())",
    ]
    for code in codes:
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert 'loanbook_model_version{usecase="risk"} 2.0' in done.stdout
    assert 'loanbook_decisions_total{decision="refer",usecase="risk"} 2.0' in done.stdout


@pytest.mark.parametrize("name", ["title", "uid", "schemaVersion", "panels", "templating"])
def test_the_dashboard_has_what_grafana_imports(name):
    assert dashboard()[name]
