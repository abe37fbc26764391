"""Keep the usual service as a model of MLflow's, in MLflow's own environment."""

from __future__ import annotations

import sys
from pathlib import Path

import mlflow

CODE = Path(__file__).parents[1] / "apps" / "on_mlflow.py"


def main(target: str) -> None:
    """Save it into a folder that is not there yet."""
    mlflow.pyfunc.save_model(target, python_model=str(CODE), pip_requirements=["mlflow"])


if __name__ == "__main__":
    main(*sys.argv[1:])
