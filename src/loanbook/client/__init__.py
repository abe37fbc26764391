"""The Python client of the decision service: typed, and safe to lose a connection under.

>>> from loanbook.client import Client
>>> with Client("http://127.0.0.1:8000") as service:  # connects when it first asks
...     service
<Client of http://127.0.0.1:8000>
"""

from loanbook.client.answers import (
    Amount,
    Champion,
    Contribution,
    Decision,
    ModelName,
    Moved,
    Outcome,
    Overrides,
    PolicyInForce,
    PolicyName,
    Reason,
    Record,
    Recorded,
    Refused,
    Review,
    Reviews,
    Version,
    WrongField,
)
from loanbook.client.asynchronous import AsyncClient
from loanbook.client.errors import AccessRefused, Contradiction, ServiceError, ServiceRefused, ServiceUnavailable
from loanbook.client.synchronous import Client

__all__ = [
    "AccessRefused",
    "Amount",
    "AsyncClient",
    "Champion",
    "Client",
    "Contradiction",
    "Contribution",
    "Decision",
    "ModelName",
    "Moved",
    "Outcome",
    "Overrides",
    "PolicyInForce",
    "PolicyName",
    "Reason",
    "Record",
    "Recorded",
    "Refused",
    "Review",
    "Reviews",
    "ServiceError",
    "ServiceRefused",
    "ServiceUnavailable",
    "Version",
    "WrongField",
]
