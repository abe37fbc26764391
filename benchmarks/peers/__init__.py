"""What we are compared with, each in an environment of its own beside ours: AutoML libraries and model servers.

    python -m benchmarks.peers install            all of them, into .venv-peers/, a gigabyte or so each
    python -m benchmarks.peers install flaml      one
    python -m benchmarks.peers lock               resolve their requirements anew

They are fitted by `benchmarks/scripts/automl.py` and asked through `benchmarks/apps/`, which import nothing of ours.
AutoGluon comes without torch, which takes several gigabytes: its networks are not in its pool, its boosting, forests
and stacking are. Flask, FastAPI and Gunicorn are in our own development environment already.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.peers.environment import FOLDER, REQUIREMENTS, Environment

__all__ = ["FOLDER", "PEERS", "REQUIREMENTS", "SERVERS", "Environment", "Peer"]

_SMALL = 10_000  # rows


@dataclass(frozen=True)
class Peer(Environment):
    """One AutoML library.

    Parameters
    ----------
    seconds : wall clock it may take on a small data set.
    """

    seconds: int = field(kw_only=True)

    def limit(self, rows: int) -> int:
        """Seconds of wall clock it may take: half as many again on a table that is not small.

        >>> [PEERS[0].limit(rows) for rows in (1_000, 20_000)]
        [180, 270]
        """
        return self.seconds if rows < _SMALL else self.seconds * 3 // 2


PEERS = (
    Peer("autogluon", "AutoGluon, best quality", "autogluon-tabular", seconds=180),
    Peer("flaml", "FLAML", "flaml", seconds=90),
    Peer("mljar", "mljar-supervised, Compete", "mljar-supervised", seconds=90, wheels=False),
)

MLFLOW = Environment("mlflow", "MLflow's model server", "mlflow")
BENTOML = Environment("bentoml", "BentoML", "bentoml")
SERVERS = (MLFLOW, BENTOML)
"""Model servers. Each locks the same scikit-learn, XGBoost and pandas as ours, so that they read the same pipeline."""
