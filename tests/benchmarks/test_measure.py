"""What is measured is what was spent: CPU of threads and children, memory of the child and not of its parent."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks import page
from benchmarks.measure import Contender, Cost, cost_of, in_turns, ratio
from benchmarks.processes import Failed, can_ask_for_memory, cost_of_process, loanbook, python, serving
from benchmarks.results import Promise, Unit, compare

SPIN = "import time\nwhile time.process_time() < 0.3: pass"
SLEEP = "import time; time.sleep(0.3)"


def contender(title, *cpu, peer=""):
    spent = iter(cpu)
    return Contender(title, lambda: Cost(next(spent), 1.0), peer)


def test_contenders_take_turns_and_each_starts_a_round():
    order = []
    one, two = (Contender(name, lambda name=name: order.append(name) or Cost(1.0, 1.0)) for name in ("one", "two"))
    in_turns([one, two], 2, lambda _: None)
    assert order == ["one", "two", "two", "one"]


def test_ratios_are_taken_within_a_round():
    costs = in_turns([contender("ours", 1.0, 20.0, 3.0), contender("theirs", 2.0, 40.0, 12.0)], 3, lambda _: None)
    found = ratio(costs, "ours", "theirs")
    assert (found.middle, found.low, found.high) == (0.5, 0.25, 0.5)


def test_a_table_compares_with_floor_and_peer():
    contenders = [contender("floor", 1.0), contender("ours", 2.0, peer="theirs"), contender("theirs", 8.0)]
    costs = in_turns(contenders, 1, lambda _: None)
    rows = compare("T", contenders, costs, Unit(1000.0, "ms"), floor="floor").rows
    assert rows[0][1:] == ("1,000 (1,000 to 1,000)", "1,000", "–", "–")
    assert [cell.split("**")[1] for cell in rows[1][3:]] == ["2.00", "0.250"]
    assert rows[2][4] == "–"


@pytest.mark.parametrize(("most", "kept"), [(True, False), (False, True)])
def test_a_promise_is_kept_from_one_side(most, kept):
    assert Promise("p", "", 1.0, 2.0, most=most).kept is kept


def test_a_process_costs_what_it_spends_not_what_it_waits(tmp_path):
    spinning, sleeping = (cost_of_process(python("-c", code), tmp_path) for code in (SPIN, SLEEP))
    assert spinning.cpu >= 0.3
    assert sleeping.cpu < sleeping.wall
    assert sleeping.wall >= 0.3


def test_a_child_that_was_waited_for_counts():
    import subprocess

    spent = cost_of(lambda: subprocess.run([sys.executable, "-c", SPIN], check=True))
    assert spent.cpu >= 0.3
    assert spent.each(10).cpu == pytest.approx(spent.cpu / 10)


@pytest.mark.skipif(not can_ask_for_memory(), reason="this system has no /proc")
def test_peak_memory_is_the_childs_own(tmp_path):
    """A child starts with its parent's ru_maxrss; VmHWM is its own."""
    held = np.ones(40_000_000)
    found = cost_of_process(python("-c", SLEEP), tmp_path)
    assert 1e6 < found.peak < held.nbytes / 4


def test_a_process_that_fails_says_why(tmp_path):
    with pytest.raises(Failed, match="gave 3"):
        cost_of_process(python("-c", "raise SystemExit(3)"), tmp_path)
    silent = serving(python("-c", "raise SystemExit('no such port {port}')"), tmp_path, ready="/")
    with pytest.raises(Failed, match=r"ended with 1:\n(?s:.*)no such port"):
        silent.__enter__()


def test_our_command_is_the_one_beside_this_python(tmp_path):
    assert cost_of_process(loanbook("--version"), tmp_path).cpu > 0


def test_the_machine_and_the_versions_are_known():
    found = page.Circumstances.now("python -m benchmarks")
    assert "cores" in found.machine
    assert "scikit-learn" in found.libraries
