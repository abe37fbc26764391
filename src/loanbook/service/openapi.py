"""The OpenAPI document: what FastAPI knows of the routes, the champions' own schemas, who may ask, every error."""

from __future__ import annotations

import copy
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from time import time
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from loanbook.data.contract import Contract
from loanbook.decisions.answering import Answerer
from loanbook.errors import LoanbookError
from loanbook.models.trained import TrainedModel
from loanbook.service import schemas
from loanbook.service.desk import Desk
from loanbook.service.operations import OPERATIONS, Operation
from loanbook.service.routes_predictions import ANSWERS

ABOUT = (
    "Applications in, decisions out: calibrated probability of default, the decision, its principal reasons. "
    "Every decision is stored before it is answered. Errors are `application/problem+json` and name each wrong field."
)
BEARER = (
    "An API key, made by `loanbook keys create`, as `Authorization: Bearer lb_…`. While the service has no key at all, "
    "it answers its own machine without one."
)
TAGS = {
    "decisions": "Applications in, decisions out; what was decided, and what people made of it.",
    "predictions": "Models that are asked and do not decide.",
    "outcomes": "What became of the loans.",
    "models": "What answers, how good it measured, what it takes.",
    "health": "Is it alive, is it ready, how busy is it.",
}
COMMON = (401, 403, 429, 503)
"""Errors of every operation that a key is asked for."""
OF_BODIES = (400, 408, 413, 415, 422)
"""Errors of every operation that has a body."""
REQUEST_ID = {
    "description": "the name of this request in the service's log; the caller's own, when it sent a good one. A "
    "decision that went well has its `decision_id` instead, and what is shed has none.",
    "schema": {"type": "string"},
}
MOMENT = {"anyOf": [*({"type": "string", "format": form} for form in ("date", "date-time")), {"const": ""}]}
TEXT = {"text/plain": {"schema": {"type": "string"}}}

ONE_SCALAR = {"type": ["string", "number", "boolean", "null"]}
ANY_APPLICATION = {"type": "object", "additionalProperties": ONE_SCALAR}
PREDICTIONS = "/v1/{usecase}/predictions"
REFERENCE = "#/components/schemas/{model}"

_SPECIAL = re.compile(r"([\\^$.|?*+()\[\]{}])")


def document(app: FastAPI, decider: Answerer | None) -> dict[str, Any]:
    """The document for the models that answer now; without one, an application is any flat object."""
    found = get_openapi(title="loanbook", version=app.version, description=ABOUT, routes=app.routes)
    found["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    found["tags"] = [{"name": name, "description": said} for name, said in TAGS.items()]
    parts: dict[str, Any] = found.setdefault("components", {}).setdefault("schemas", {})
    shapes: list[type[BaseModel]] = [shape for both in ANSWERS.values() for shape in both]
    ours: list[type[BaseModel]] = [schemas.Problem, schemas.Outcome, schemas.Verdict, *shapes]
    for model in ours:
        _add(parts, model)
    parts |= _bodies("Application", application(None if decider is None else decider.model))
    outcome = {"$ref": "#/components/schemas/Outcome"}
    parts["Outcomes"] = _one_or_several(outcome, 10_000)
    parts |= {"AnyApplication": ANY_APPLICATION, "AnyApplications": _one_or_several(_ref("AnyApplication"), 1_000)}
    found["paths"][PREDICTIONS]["post"]["responses"]["200"] = _answer(*(shape.__name__ for shape in shapes))
    for unused in ("HTTPValidationError", "ValidationError"):
        parts.pop(unused, None)
    for path, method, operation in _operations(found):
        _complete(operation, OPERATIONS.get(f"{method.upper()} {path}"))
    _ask_each(app, found)
    _show_requests(found)
    _secure(found)
    return found


def application(model: TrainedModel | None) -> dict[str, Any]:
    """JSON Schema of one application, with an example that the model takes."""
    if model is None:
        return {**ANY_APPLICATION, "description": "No model answers yet; its fields are not known."}
    return {
        **model.contract.schema(),
        **_spare(model.contract),
        "title": "Application",
        "example": example(model),
    }


def example(model: TrainedModel) -> dict[str, Any]:
    """An application as the training rows have them in the middle."""
    medians = {group.name: group.median for group in model.groups if group.median is not None}
    row: dict[str, Any] = {}
    for field in model.contract.fields:
        schema = field.schema()
        if field.kind == "date":
            day = int(medians.get(field.name, 0.0)) or int(time() // 86_400)
            row[field.name] = (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()
        elif field.kind == "boolean":
            row[field.name] = True
        elif field.kind == "category":
            levels = getattr(field, "levels", ())
            row[field.name] = levels[0] if levels else "other"
        else:
            middle = medians.get(field.name, schema.get("minimum", 0.0))
            row[field.name] = int(middle) if field.kind == "integer" else middle
    return row


def _spare(contract: Contract) -> dict[str, Any]:
    """Other columns of the training table may be there and are not read; more there may not be."""
    if not contract.known:
        return {"additionalProperties": False}
    names = "|".join(_SPECIAL.sub(r"\\\1", name) for name in contract.known)
    return {"patternProperties": {f"^({names})$": ONE_SCALAR}, "additionalProperties": False}


def _ask_each(app: FastAPI, found: dict[str, Any]) -> None:
    """A path of its own for each use case of the book that is asked: with its model's fields, and its own answer."""
    desk: Desk = app.state.desk
    for usecase, both in ANSWERS.items():
        if usecase not in desk.book.sections:
            continue
        name = f"{usecase.capitalize()}Application"
        found["components"]["schemas"] |= _bodies(name, application(_model(app, usecase)))
        operation = copy.deepcopy(found["paths"][PREDICTIONS]["post"])
        operation["parameters"] = [one for one in operation["parameters"] if one["name"] != "usecase"]
        operation["operationId"] = f"predict{usecase.capitalize()}"
        operation["requestBody"] = schemas.takes(f"{name}OrSeveral")["requestBody"]
        answer = operation["responses"]["200"]["content"]["application/json"]
        answer["schema"] = {"anyOf": [_ref(shape.__name__) for shape in both]}
        found["paths"][f"/v1/{usecase}/predictions"] = {"post": operation}


def _model(app: FastAPI, usecase: str) -> TrainedModel | None:
    desk: Desk = app.state.desk
    try:
        answerer = desk.answerer(usecase)
    except LoanbookError:
        return None
    return None if answerer is None else answerer.model


def _bodies(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Components for an application, for several, for either."""
    several = {"type": "array", "items": _ref(name), "minItems": 1, "maxItems": 1_000}
    wrapped = {"type": "object", "properties": {"applications": several}, "required": ["applications"]}
    if name == "Application":
        return {name: schema, "Applications": {"anyOf": [several, wrapped]}}
    return {name: {**schema, "title": name}, f"{name}OrSeveral": _one_or_several(_ref(name), 1_000)}


def _one_or_several(one: dict[str, Any], most: int) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": most}]}


def _answer(*names: str) -> dict[str, Any]:
    schema = {"anyOf": [_ref(name) for name in names]}
    return {"description": "what the model says", "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _add(parts: dict[str, Any], model: type[BaseModel]) -> None:
    schema = model.model_json_schema(ref_template=REFERENCE)
    for name, part in schema.pop("$defs", {}).items():
        parts.setdefault(name, part)
    parts.setdefault(model.__name__, schema)


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _complete(operation: dict[str, Any], known: Operation | None) -> None:
    """Name, role, example answers, moments as such, problems in place of FastAPI's own errors."""
    responses = operation["responses"]
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in ("since", "until"):
            parameter["schema"] = MOMENT
    wrong = responses.get("422")
    if wrong and "application/json" in wrong.get("content", {}):  # FastAPI's own shape; ours are problems
        responses["422"] = schemas.problems(422)[422]
    if known is None:  # a path of one use case, made from one that is known
        return
    operation["operationId"] = known.name
    for content in responses["200"].setdefault("content", copy.deepcopy(TEXT)).values():
        content["examples"] = {name: {"value": value} for name, value in known.answers.items()}
    if known.asks is not None:
        _example_of(operation, {"example": {"value": known.asks}})
    if known.role:
        operation["description"] += f"\n\nA key needs the role `{known.role}` or `admin`."


def _show_requests(found: dict[str, Any]) -> None:
    """Examples of what the champions take, where they are sent."""
    parts, paths = found["components"]["schemas"], found["paths"]
    one = parts["Application"].get("example")
    if one is not None:
        _example_of(paths["/v1/decisions"]["post"], {"application": {"value": one}})
        _example_of(paths["/v1/decisions:batch"]["post"], {"applications": {"value": [one]}})
    for usecase in ANSWERS:
        one = parts.get(f"{usecase.capitalize()}Application", {}).get("example")
        if one is not None:
            both = {"one": {"value": one}, "several": {"value": [one]}}
            _example_of(paths[f"/v1/{usecase}/predictions"]["post"], both)


def _example_of(operation: dict[str, Any], shown: Mapping[str, Any]) -> None:
    operation["requestBody"]["content"]["application/json"]["examples"] = dict(shown)


def _secure(found: dict[str, Any]) -> None:
    """Say where a key is asked for, and what is answered without a good one."""
    parts = found["components"]
    parts["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "description": BEARER}}
    parts["headers"] = {"X-Request-Id": REQUEST_ID}
    for path, _, operation in _operations(found):
        closed = path not in ("/healthz", "/readyz")
        operation["security"] = [{"bearer": []}, {}] if closed else []
        wanted = (431, *(COMMON if closed else ()), *(OF_BODIES if "requestBody" in operation else ()))
        common = {str(status): described for status, described in schemas.problems(*wanted).items()}
        operation["responses"] = {**common, **operation["responses"]}
        for response in operation["responses"].values():
            response.setdefault("headers", {})["X-Request-Id"] = {"$ref": "#/components/headers/X-Request-Id"}
