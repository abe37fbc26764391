"""What says, application by application: a model whose answers are asked for over HTTP one by one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from loanbook.decisions.answering import Answerer
from loanbook.errors import RowRefused


class Predictor(Answerer):
    """An answerer that takes applications as JSON brings them, beside whole tables.

    A use case whose models are such is asked at `POST /v1/{usecase}/predictions` once the service knows the shape of
    its answer (`loanbook.service.routes_predictions.ANSWERS`).
    """

    @abstractmethod
    def predict_rows(
        self, rows: Sequence[Mapping[str, object]], *, reasons: bool = True
    ) -> list[dict[str, Any] | RowRefused]:
        """Answer each application at its place, bit for bit as `decide_table` would.

        Parameters
        ----------
        rows : fields by name, as JSON has them.
        reasons : whether to say what moved each answer.

        Returns
        -------
        Plain JSON, or what is wrong with that application.
        """
