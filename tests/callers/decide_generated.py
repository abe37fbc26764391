"""Decides with a client that openapi-python-client made; run beside it by test_generated_clients.py."""

import json
import sys

from loanbook_client import Client
from loanbook_client.api.decisions import decide, decide_batch, get_decision, list_decisions
from loanbook_client.api.models import get_champion
from loanbook_client.api.predictions import predict_amount
from loanbook_client.models import Amount, AmountApplication, Application, Decision, Problem

address, given, to_ask = sys.argv[1:]
client = Client(base_url=address)
application = Application.from_dict(json.loads(given))
wrong = Application.from_dict({**json.loads(given), "amount": -5})

made = decide.sync(client=client, body=application, idempotency_key="generated-1")
assert isinstance(made, Decision), made
again = decide.sync(client=client, body=application, idempotency_key="generated-1")
assert again == made

refused = decide.sync(client=client, body=wrong)
assert isinstance(refused, Problem), refused
assert [one.field for one in refused.errors] == ["amount"]

both = decide_batch.sync(client=client, body=[application, wrong])
assert [type(one) for one in both.decisions] == [Decision, Problem]

stored = get_decision.sync(client=client, decision_id=made.decision_id)
assert stored.inputs.to_dict() == application.to_dict()
missing = get_decision.sync_detailed(client=client, decision_id="0" * 36)
assert (missing.status_code, missing.parsed.status) == (404, 404)
assert len(list_decisions.sync(client=client, limit=2).decisions) == 2

said = predict_amount.sync(client=client, body=AmountApplication.from_dict(json.loads(to_ask)))
assert isinstance(said, Amount), said
assert get_champion.sync(client=client, usecase="risk").policy.decline_from == 0.25

said_back = {"id": made.decision_id, "decision": made.decision, "reasons": [one.text for one in made.reasons]}
sys.stdout.write(json.dumps(said_back))
