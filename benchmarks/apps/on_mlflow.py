"""The usual service behind MLflow's model server; this file is the model that is logged.

MLflow hands over a pandas frame of its own making and answers `{"predictions": […]}`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from benchmarks.apps.desk import Desk


class Usual(PythonModel):  # type: ignore[misc]
    """Opens the desk when it is loaded, and decides row by row."""

    def load_context(self, context: Any) -> None:  # noqa: ARG002
        self.desk = Desk()

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> list[dict[str, Any]]:  # noqa: ARG002
        return [self.desk.decide(row) for row in model_input.to_dict("records")]


set_model(Usual())
