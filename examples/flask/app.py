"""A loan desk in Flask that asks loanbook.

    pip install flask 'loanbook[client]'
    LOANBOOK_URL=http://127.0.0.1:8000 LOANBOOK_KEY=lb_… flask --app app run

`POST /applications/<number>` takes an application as JSON and answers what was decided. The number is the
Idempotency-Key: however often a customer presses the button, the application is decided once.
"""

from __future__ import annotations

import os

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from loanbook import Client
from loanbook.client import Contradiction, ServiceError, ServiceRefused, ServiceUnavailable

app = Flask(__name__)
service = Client(
    os.environ.get("LOANBOOK_URL", "http://127.0.0.1:8000"),
    key=os.environ.get("LOANBOOK_KEY"),
    timeout=2.0,  # an answer takes milliseconds; a customer waits no longer than the deadline
    deadline=6.0,
)


@app.post("/applications/<number>")
def decide(number: str) -> ResponseReturnValue:
    """Decide one application."""
    made = service.decide(request.get_json(), idempotency_key=number)
    reasons = [reason.text for reason in made.reasons or ()]
    return jsonify(decision=made.decision, reference=made.decision_id, reasons=reasons)


@app.errorhandler(ServiceRefused)
def wrong_fields(error: ServiceRefused) -> ResponseReturnValue:
    """Tell the form which fields are wrong."""
    return jsonify(errors={problem.field: problem.message for problem in error.problems}), 422


@app.errorhandler(Contradiction)
def used(_: Contradiction) -> ResponseReturnValue:
    """The number belongs to another application."""
    return jsonify(error="this number belongs to another application"), 409


@app.errorhandler(ServiceUnavailable)
def later(error: ServiceUnavailable) -> ResponseReturnValue:
    """Nothing is lost: the same number finishes it."""
    app.logger.warning("%s", error)
    return jsonify(error="we cannot decide at this moment"), 503, {"Retry-After": "30"}


@app.errorhandler(ServiceError)
def ours(error: ServiceError) -> ResponseReturnValue:
    """Our own mistake, such as a revoked key: nothing the customer can mend."""
    app.logger.error("%s (request %s)", error, error.request_id)
    return jsonify(error="we cannot decide"), 500
