"""A loan desk in Django that asks loanbook with `requests`; nothing of loanbook is installed here.

    pip install django requests
    LOANBOOK_URL=http://127.0.0.1:8000 LOANBOOK_KEY=lb_… python backend.py runserver

`POST /applications/<number>` takes an application as JSON and answers what was decided. The number is the
Idempotency-Key, which makes it safe to let urllib3 ask again: the application is decided once.
"""

from __future__ import annotations

import logging
import os
import sys

import requests
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for this example"),
    USE_TZ=True,
)
logger = logging.getLogger(__name__)

LOANBOOK = os.environ.get("LOANBOOK_URL", "http://127.0.0.1:8000")
TIMEOUT = (1.0, 2.0)  # seconds to connect, seconds for an answer

again = Retry(
    total=3,
    backoff_factor=0.1,
    backoff_jitter=0.1,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=None,  # POST as well: every request has its Idempotency-Key
    respect_retry_after_header=True,
    raise_on_status=False,
)
session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=again))
session.mount("https://", HTTPAdapter(max_retries=again))
if "LOANBOOK_KEY" in os.environ:
    session.headers["Authorization"] = f"Bearer {os.environ['LOANBOOK_KEY']}"


@csrf_exempt  # a JSON API; a form would send its token
@require_POST
def decide(request: HttpRequest, number: str) -> JsonResponse:
    """Decide one application."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": number}
    try:
        answer = session.post(f"{LOANBOOK}/v1/decisions", data=request.body, headers=headers, timeout=TIMEOUT)
    except requests.RequestException as error:
        logger.warning("no answer: %s", type(error).__name__)
        return later()
    if answer.status_code == 200:
        made = answer.json()
        reasons = [reason["text"] for reason in made["reasons"]]
        return JsonResponse({"decision": made["decision"], "reference": made["decision_id"], "reasons": reasons})
    return refused(answer)


def refused(answer: requests.Response) -> JsonResponse:
    """What the customer is told of a problem: wrong fields by name, and of the rest only what he can mend."""
    if answer.status_code in (429, 502, 503, 504):
        return later()
    if answer.status_code == 422:
        return JsonResponse({"errors": {one["field"]: one["message"] for one in answer.json()["errors"]}}, status=422)
    if answer.status_code == 409:
        return JsonResponse({"error": "this number belongs to another application"}, status=409)
    logger.error("loanbook said %d, request %s", answer.status_code, answer.headers.get("X-Request-Id"))
    return JsonResponse({"error": "we cannot decide"}, status=500)


def later() -> JsonResponse:
    """Nothing is lost: the same number finishes it."""
    return JsonResponse({"error": "we cannot decide at this moment"}, status=503, headers={"Retry-After": "30"})


urlpatterns = [path("applications/<str:number>", decide)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
