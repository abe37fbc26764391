"""The rows that taught it, and what it must not be used for."""

from __future__ import annotations

import numpy as np

from loanbook.data.fields import BooleanField, CategoryField, DateField, Field, as_day
from loanbook.evaluation.metrics import calibration_error
from loanbook.features.ratios import is_label
from loanbook.reporting.card.calibration import ALLOWED
from loanbook.reporting.card.drivers import CHANGED
from loanbook.reporting.card.subject import Subject
from loanbook.reporting.parts import Block, Chapter, Facts, Points, Table, Text
from loanbook.reporting.wording import clipped, figure, listed, number, plural, share, whole

_NAME, _TITLE = "data", "The data that taught it"
_ALWAYS = (
    (
        "It knows loans that were granted. How applicants who were declined would have paid is not in the rows, so its "
        "answers for people unlike those granted are guesses."
    ),
    (
        "It is not for anything but the question above: not for setting prices, for collecting, for hiring, or for "
        "other products, countries or channels than those of the table."
    ),
    (
        "A decision against an applicant needs its principal reasons (ECOA, Regulation B) and, where the policy "
        "refers, a person. The model's reasons say what moved its answer, not what causes a loan to fail."
    ),
)


def datasheet(subject: Subject) -> Chapter:
    """Fields with their kinds, gaps and ranges; what was set aside; what the lender was warned of."""
    report, section = subject.report, subject.section
    blocks: list[Block] = [Facts(_facts(subject))]
    for names, why in ((section.ignore, "known only later"), (section.protected, "protected")):
        if names:
            blocks.append(Text(f"Not seen by any model, because {why}: {listed([clipped(name) for name in names])}."))
    if report["set_aside"]:
        rows = [f"{plural(count, 'row')} set aside: {why}" for why, count in report["set_aside"].items()]
        blocks.append(Points(rows))
    if report["warnings"]:
        blocks += [Text("What the training warned of:"), Points([str(one) for one in report["warnings"]])]
    if subject.places is not None:
        copies = int(subject.loans.copies.sum())
        said = f"{plural(copies, 'row')} ({share(copies / len(subject.loans))}) have" if copies else "No row has"
        blocks.append(Text(f"{said} a near-copy; near-copies stay on one side of every split."))
    if subject.places is None:
        blocks.append(Text(CHANGED, "warning"))
    else:
        blocks.append(_fields(subject))
    figures = {
        "rows": report["rows"],
        "set_aside": report["set_aside"],
        "warnings": report["warnings"],
        "fields": [{"name": f.name, "kind": f.kind, "required": f.required} for f in subject.model.contract.fields],
        "not_seen": sorted(section.apart),
    }
    return Chapter(_NAME, _TITLE, blocks, figures)


def _facts(subject: Subject) -> list[tuple[str, str]]:
    section, report = subject.section, subject.report
    facts = [("Table", clipped(section.data.paths or "the query", 80)), ("Labelled loans", whole(report["rows"]))]
    facts.append(("Fields", whole(len(subject.model.contract.fields))))
    roles = (("Target", section.target), ("Id", section.id), ("Day of decision", section.time))
    facts += [(title, clipped(name)) for title, name in (*roles, ("Exposure", section.amount)) if name]
    if subject.places is not None and subject.loans.time is not None:
        time = subject.loans.time[~np.isnan(subject.loans.time)]
        facts.append(("Decided", f"{as_day(float(time.min()))} to {as_day(float(time.max()))}"))
    return facts


def _fields(subject: Subject) -> Table:
    codes = subject.loans.codes
    rows = []
    for field, column in zip(subject.model.contract.fields, codes.T, strict=True):
        missing = float(np.isnan(column).mean())
        seen = column[~np.isnan(column)]
        rows.append(
            [clipped(field.name), field.kind, share(missing), whole(len(np.unique(seen))), *_range(field, seen)]
        )
    columns = ["field", "kind", ">missing", ">different", "~from (or commonest)", "middle", "to"]
    return Table("Fields that the model may see", columns, rows)


def _range(field: Field, seen: np.ndarray) -> list[str]:
    if not len(seen):
        return ["", "", ""]
    if isinstance(field, BooleanField | CategoryField):
        values, counts = np.unique(seen, return_counts=True)
        first = int(np.argmax(counts))
        shown = clipped(field.show(float(values[first])), 30)
        return [f"{shown} ({share(counts[first] / len(seen), 0)})", "", ""]
    ends = (float(seen.min()), float(np.quantile(seen, 0.5, method="nearest")), float(seen.max()))
    if isinstance(field, DateField):
        return [as_day(end) for end in ends]
    return [f"{end:.15g}" if is_label(field.name) else number(end) for end in ends]


def limits(subject: Subject) -> Chapter:
    """What it must not be used for, and what nobody knows about it."""
    report, section = subject.report, subject.section
    found = list(_ALWAYS)
    split = report["split"]
    if split["kind"] == "out_of_time":
        found.append(
            f"It was tested on loans decided from {split['test_from']} on. After a change of the economy, of the "
            "product or of who applies, these figures no longer hold; measure it again on new outcomes."
        )
    else:
        found.append(
            "It was tested on rows drawn at random, not on later ones: how it does on loans of another time is not "
            "known. Name the day of the decision under “time” in the book."
        )
    found += _drift(subject)
    if not section.protected:
        found.append("Whether groups fare alike was not examined: the book names no protected column.")
    if report["rows"] < 2000:
        found.append(f"Only {report['rows']:,} loans taught it: every interval here is wide.")
    return Chapter("limits", "What it must not be used for", [Points(found)], {"limits": found})


def _drift(subject: Subject) -> list[str]:
    """Whether the probabilities held on the test rows; asked only where answers are probabilities."""
    if "calibration_error" not in subject.report["metrics"]:
        return []
    y, p = subject.y, subject.said()
    error, floor = calibration_error(y, p), subject.floor
    promised, came = float(p.mean()), float(y.mean())
    if error <= floor + ALLOWED:
        return []
    said = (
        f"Its probabilities did not hold on the test rows: {share(promised)} bad were promised and {share(came)} came "
        f"(calibration error {figure(error)}, by chance {figure(floor)}). Trust the order, not the size, until it is "
        "calibrated on newer outcomes."
    )
    return [said]
