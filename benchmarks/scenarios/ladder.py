"""What is every rung of the full ladder worth, on every data set?"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean, median

from benchmarks.bench import Bench, Scenario
from benchmarks.measured import CHAMPION, PERFECT, Measured
from benchmarks.paired import Difference, written
from benchmarks.results import NONE, Promise, Report, Table, number, paragraphs

STACK, LOGISTIC, NETWORK = "stack", "logistic", "network"
ABOVE_LOGISTIC, BELOW_LOGISTIC, ABOVE_FLOOR = 0.02, -0.002, 0.01


def run(bench: Bench) -> Report:
    """Measure it."""
    courses = {data.title: Measured(bench.course.trials[data.name]) for data in bench.data_sets}
    targets = {data.title: (data.must, data.ambitious) for data in bench.data_sets}
    tables = [
        _summary(courses, targets),
        _overall(courses),
        _calibration(courses),
        _readable(courses),
        _network(courses),
        *(_every_rung(title, course) for title, course in courses.items()),
    ]
    return Report(
        tables=tuple(table for table in tables if table.rows),
        promises=_promises(courses, targets),
        notes=_notes(bench),
        absent=bench.absent_data,
    )


def _summary(courses: Mapping[str, Measured], targets: Mapping[str, tuple[float, float]]) -> Table:
    rows = []
    for title, course in courses.items():
        best, must = course.best(), targets[title]
        rows.append(
            (
                title,
                f"{must[0]:.3f} → {must[1]:.3f}",
                written(course.mean(STACK)),
                str(course.less(STACK, LOGISTIC)),
                f"{course.less(STACK, best)} ({best})",
            )
        )
    less = [course.less(STACK, LOGISTIC).mean for course in courses.values()]
    more = [course.less(STACK, course.best()).mean for course in courses.values()]
    if len(rows) > 1:
        mean = fmean(course.mean(STACK) for course in courses.values())
        rows.append(("mean", NONE, written(mean), str(Difference.over_tables(less)), str(Difference.over_tables(more))))
    columns = ("", "target: must → ambitious", "stack", "less logistic", "less the best single rung")
    return Table("The stack: area under the curve", columns, tuple(rows))


def _overall(courses: Mapping[str, Measured]) -> Table:
    rungs = next(iter(courses.values())).rungs
    rows = [
        (
            rung.title,
            *(written(course.mean(rung.name)) for course in courses.values()),
            written(fmean(course.mean(rung.name) for course in courses.values())),
        )
        for rung in rungs
    ]
    return Table("Every rung: mean area under the curve on test rows", ("", *courses, "mean"), tuple(rows))


def _calibration(courses: Mapping[str, Measured]) -> Table:
    rows = []
    for title, course in courses.items():
        ece = [f"{course.mean(name, 'ECE'):.4f} ({course.mean(name, PERFECT):.4f})" for name in (CHAMPION, STACK)]
        less = [str(course.less(STACK, course.best(figure), figure)) for figure in ("log-loss", "Brier")]
        rows.append((title, *ece, *less))
    columns = (
        "",
        "champion: ECE (of a perfect model)",
        "stack: ECE (of a perfect model)",
        "stack: log-loss less the best single's",
        "stack: Brier less the best single's",
    )
    return Table("Probabilities", columns, tuple(rows))


def _readable(courses: Mapping[str, Measured]) -> Table:
    rows = []
    for title, course in courses.items():
        best = course.best()
        rows.append(
            (
                title,
                course.usual(course.champions),
                str(course.behind(course.champions, STACK)),
                course.usual(course.readables),
                str(course.behind(course.readables, STACK)),
                f"{course.behind(course.readables, best)} ({best})",
            )
        )
    each = [(course.behind(course.champions, STACK).mean, course.behind(course.readables, STACK).mean)
            for course in courses.values()]  # fmt: skip
    if len(rows) > 1:
        means = [str(Difference.over_tables(column)) for column in zip(*each, strict=True)]
        rows.append(("mean", NONE, means[0], NONE, means[1], NONE))
    columns = (
        "",
        "champion",
        "less the stack",
        "best that a person can follow",
        "less the stack",
        "less the best single rung",
    )
    return Table("What being understood costs in AUC", columns, tuple(rows))


def _network(courses: Mapping[str, Measured]) -> Table:
    first = next(iter(courses.values()))
    names = [rung.name for rung in first.rungs if rung.name != NETWORK] if NETWORK in first.figures else []
    rows = []
    for name in names:
        each = [course.less(NETWORK, name).mean for course in courses.values()]
        rows.append((name, str(Difference.over_tables(each)), f"{sum(value > 0 for value in each)} of {len(each)}"))
    return Table("The network less each rung, over the data sets", ("", "AUC", "better on"), tuple(rows))


def _every_rung(title: str, course: Measured) -> Table:
    rows = []
    for rung in course.rungs:
        found = course.figures[rung.name]
        rows.append(
            (
                rung.name,
                str(Difference.over_splits(found["AUC"])).lstrip("+"),
                NONE if rung.name == LOGISTIC else str(course.less(rung.name, LOGISTIC)),
                *(written(course.mean(rung.name, figure)) for figure in ("log-loss", "Brier", "ECE")),
                written(course.mean(rung.name, PERFECT)),
                written(course.mean(rung.name, "gap"), 3),
                number(median(found["CPU"])),
            )
        )
    columns = (
        "",
        "AUC",
        "less logistic",
        "log-loss",
        "Brier",
        "ECE",
        "of a perfect model",
        "train less test",
        "CPU, s",
    )
    return Table(f"{title}: {len(course.trials)} splits", columns, tuple(rows))


def _promises(courses: Mapping[str, Measured], targets: Mapping[str, tuple[float, float]]) -> tuple[Promise, ...]:
    above = {title: course.less(STACK, LOGISTIC).mean for title, course in courses.items()}
    found = [
        Promise(f"AUC of the stack on {title}", "", targets[title][0], course.mean(STACK), most=False)
        for title, course in courses.items()
    ]
    found.append(
        Promise("AUC of the stack less logistic's, mean", "", ABOVE_LOGISTIC, fmean(above.values()), most=False)
    )
    worst = min(above, key=above.__getitem__)
    found.append(Promise(f"the same where it is least ({worst})", "", BELOW_LOGISTIC, above[worst], most=False))
    for figure in ("log-loss", "Brier"):
        each = [course.less(STACK, course.best(figure), figure).mean for course in courses.values()]
        found.append(Promise(f"{figure} of the stack less the best single rung's, mean", "", 0.0, fmean(each)))
    for title, course in courses.items():
        beyond = course.mean(CHAMPION, "ECE") - course.mean(CHAMPION, PERFECT)
        found.append(Promise(f"ECE of the champion above its floor on {title}", "", ABOVE_FLOOR, beyond))
    return tuple(found)


def _notes(bench: Bench) -> tuple[str, ...]:
    course = bench.course
    about = "\n\n".join(f"{data.title}: {data.note}" for data in bench.data_sets if data.note)
    return paragraphs(
        f"""
        {course.splits}, 70% to teach and 30% to test, stratified; rows of one id and
        near-copies stand on one side. Everything is fitted on the rows that teach. A difference is one of means over
        the same splits, with its standard error: over splits of one table after Nadeau and Bengio (2003), because the
        splits share rows; over the tables as of independent figures.

        Members of blend and stack are fitted once on five folds and once on all rows; weights and calibration come
        from the folds, as in a training. The CPU of a blend is that of all these fits, that of another rung its last
        fit alone, on one thread. The features cost each of them the same and are not counted.

        ECE: expected calibration error in ten bins of equal mass. Beside it the mean error that perfect probabilities
        would show on as many rows, simulated.

        {about}
        """
    )


SCENARIO = Scenario("ladder", "What is every rung worth, on every data set?", run)
