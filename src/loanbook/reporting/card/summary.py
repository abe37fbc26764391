"""What the model is, what it is for, who let it decide, and on which loans it was measured."""

from __future__ import annotations

from typing import Any

from loanbook.reporting.card.subject import Subject
from loanbook.reporting.parts import Chapter, Facts, Table, Text
from loanbook.reporting.wording import NOTHING, between, figure, number, plural, share, whole

FIGURES = {
    "auc": ("AUC", "how well bad loans are told from good ones; 0.5 is chance, 1 is perfect"),
    "gini": ("Gini", "2 AUC − 1"),
    "ks": ("KS", "widest distance between good and bad loans over all cut-offs"),
    "brier": ("Brier score", "mean squared error of the probability; less is better"),
    "log_loss": ("Log-loss", "cost of confident mistakes; less is better"),
    "calibration_error": ("Calibration error", "how far promised and observed bad rates lie apart; less is better"),
    "accuracy": ("Accuracy", "right at a cut-off of one half"),
    "majority_accuracy": ("Majority class", "accuracy of calling every loan the commoner class"),
    "mae": ("MAE", "mean distance between answer and amount"),
    "rmse": ("RMSE", "root of the mean squared distance; large misses weigh more"),
    "r2": ("R²", "share of the spread that is explained; 0 is the mean's"),
    "relative_error": ("Relative error", "middle miss, as a share of the amount; less is better"),
    "width": ("Width", "middle width of the intervals, as a share of the answer; less is better"),
    "coverage": ("Coverage", "share of amounts inside their interval"),
}


def lead(subject: Subject) -> list[str]:
    """The sentences above all chapters."""
    report = subject.report
    role = subject.version.role or "neither champion nor challenger"
    first = (
        f"{subject.title} answers the question “{report['question']}” for the book {subject.book.name}. It is version "
        f"{report['version']} of {subject.usecase.name} and {_role(role)}."
    )
    return [first, _headline(subject)]


def _role(role: str) -> str:
    says = {"champion": "the champion: it decides", "challenger": "a challenger: it does not decide"}
    return says.get(role, f"{role}: it does not decide")


def _headline(subject: Subject) -> str:
    report = subject.report
    name, found = subject.headline, report["metrics"][subject.headline]
    split = report["split"]
    when = f" decided from {split['test_from']} on" if split["kind"] == "out_of_time" else ""
    rows = plural(split["test"], "loan")
    write = figure if abs(found["value"] or 0.0) < 10 else whole
    title = FIGURES.get(name, (name, ""))[0]
    return (
        f"On {rows}{when}, none of which it had seen, its {title} is {write(found['value'])} "
        f"(90% interval {between(found, write)})."
    )


def summary(subject: Subject) -> Chapter:
    """What it is, for what, decided by whom."""
    report = subject.report
    facts = [
        ("Model", f"{subject.title}, version {report['version']}"),
        ("Question", str(report["question"])),
        ("Taught by", plural(report["rows"], "loan")),
        ("Tested on", plural(report["split"]["test"], "loan")),
    ]
    if "bad_rate" in report:
        facts.append(("Went bad", share(report["bad_rate"])))
    facts.append(("Registered (UTC)", subject.version.created_at[:16].replace("T", " ")))
    facts.append(("Digest", subject.version.digest[:12]))
    policy = getattr(subject.answerer, "policy", None)
    blocks: list[Any] = [Facts(facts), Text(f"It was chosen by this rule: {report['why']}")]
    if policy is not None:
        blocks.append(Text(_policy(policy)))
    if decided := _decided(subject):
        blocks.append(Text(f"Who let it: {'; '.join(decided)}."))
    blocks.append(_metrics(subject))
    return Chapter(
        "summary",
        "What it is",
        blocks,
        {
            "model": subject.title,
            "rung": subject.rung,
            "version": report["version"],
            "role": subject.version.role or None,
            "why": report["why"],
            "metrics": report["metrics"],
            "policy": {"approve_below": policy.approve_below, "decline_from": policy.decline_from} if policy else None,
        },
    )


def _policy(policy: Any) -> str:
    approves = f"The policy ({policy.source}) approves below {share(policy.approve_below)} probability of default"
    if policy.decline_from > policy.approve_below:
        return f"{approves}, declines from {share(policy.decline_from)} on, and leaves what lies between to a person."
    return f"{approves} and declines the rest; nothing is referred to a person unless the book says from where."


def _decided(subject: Subject) -> list[str]:
    """Who gave it its roles."""
    found = []
    for change in subject.history:
        if change.to_version == subject.report["version"]:
            because = f": {change.why}" if change.why else ""
            found.append(f"{change.at[:16].replace('T', ' ')} UTC, {change.who} made it {change.role}{because}")
        else:
            found.append(f"{change.at[:16].replace('T', ' ')} UTC, {change.who} ended its time as {change.role}")
    return found


def _metrics(subject: Subject) -> Table:
    floor = subject.ladder[0]
    rows = []
    for name, found in subject.report["metrics"].items():
        title, meaning = FIGURES.get(name, (name.replace("_", " "), ""))
        write = figure if abs(found["value"] or 0.0) < 10 else number
        beside = floor["test"].get(name, {}).get("value")
        rows.append([title, write(found["value"]), between(found, write), write(beside), meaning or NOTHING])
    caption = f"Figures of the test rows, with 90% intervals; the floor is “{floor['title']}”"
    return Table(caption, ["figure", ">model", ">90% interval", ">floor", "~meaning"], rows)


def division(subject: Subject) -> Chapter:
    """How the rows were split."""
    report, split = subject.report, subject.report["split"]
    dated = split["kind"] == "out_of_time"
    rows = [
        ["to train", whole(split["train"]), "the oldest" if dated else "drawn at random"],
        [
            "to calibrate",
            whole(split["calibrate"]),
            f"decided from {split['calibrate_from']} on" if dated else "drawn at random",
        ],
        ["to test", whole(split["test"]), f"decided from {split['test_from']} on" if dated else "drawn at random"],
    ]
    if split["unknowable"]:
        why = "older loans whose outcome was not known when the test begins: they do not teach"
        rows.append(["left out", whole(split["unknowable"]), why])
    if split["repeated"]:
        rows.append(
            ["left out", whole(split["repeated"]), "their id, or a near-copy of them, stands in an earlier part"]
        )
    rows += [["set aside", whole(count), why] for why, count in report["set_aside"].items()]
    if dated:
        text = (
            "The test is out of time: every test loan was decided after every loan that taught, as in use. The choice "
            "between the rungs rests on folds of the older rows alone; the test rows were looked at once."
        )
    else:
        text = (
            "The rows were drawn at random, so the figures say how well the model does on loans of the same time, not "
            f"on later ones{': ' + split['note'] if split['note'] else ''}."
        )
    table = Table("Which loans did what", ["part", ">loans", "~which"], rows)
    figures = {**split, "set_aside": report["set_aside"]}
    return Chapter("split", "How the loans were divided", [Text(text), table], figures)
