"""The usual service behind BentoML."""

from __future__ import annotations

from typing import Any

import bentoml

from benchmarks.apps.desk import Desk


@bentoml.service(workers=1)
class Usual:
    """One route, `/decide`."""

    def __init__(self) -> None:
        self.desk = Desk()

    @bentoml.api  # type: ignore[untyped-decorator]
    def decide(self, application: dict[str, Any]) -> dict[str, Any]:
        return self.desk.decide(application)
