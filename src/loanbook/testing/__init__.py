"""The contract suites of loanbook, public: whoever adds a part proves it with one line.

>>> from loanbook.testing import RungSuite
>>> class TestMyLadder(RungSuite):
...     pass
"""

from loanbook.testing.examples import Example, example
from loanbook.testing.rungs import RungSuite, check_rung

__all__ = ["Example", "RungSuite", "check_rung", "example"]
