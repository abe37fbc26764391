"""The OpenAPI document: what FastAPI knows of the routes, and the champion's own schema of an application."""

from __future__ import annotations

import datetime as dt
from time import time
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from loanbook.decisions.decider import Decider
from loanbook.models.trained import TrainedModel
from loanbook.service import schemas

ABOUT = (
    "Applications in, decisions out: calibrated probability of default, the decision, its principal reasons. "
    "Every decision is stored before it is answered. Errors are `application/problem+json` and name each wrong field."
)


def document(app: FastAPI, decider: Decider | None) -> dict[str, Any]:
    """The document for the model that decides now; without one, an application is any flat object."""
    found = get_openapi(title="loanbook", version=app.version, description=ABOUT, routes=app.routes)
    parts: dict[str, Any] = found.setdefault("components", {}).setdefault("schemas", {})
    ours = (schemas.Problem, schemas.WrongField, schemas.Outcome)
    for model in ours:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        parts.setdefault(model.__name__, schema)
    parts["Application"] = application(decider)
    one = {"$ref": "#/components/schemas/Application"}
    several = {"type": "array", "items": one, "minItems": 1, "maxItems": 1_000}
    parts["Applications"] = {
        "anyOf": [
            several,
            {"type": "object", "properties": {"applications": several}, "required": ["applications"]},
        ]
    }
    outcome = {"$ref": "#/components/schemas/Outcome"}
    parts["Outcomes"] = {"anyOf": [outcome, {"type": "array", "items": outcome, "minItems": 1}]}
    for unused in ("HTTPValidationError", "ValidationError"):
        parts.pop(unused, None)
    _own_problems(found)
    return found


def application(decider: Decider | None) -> dict[str, Any]:
    """JSON Schema of one application, with an example that the model takes."""
    if decider is None:
        return {"type": "object", "description": "No model decides yet; its fields are not known."}
    return {**decider.model.contract.schema(), "title": "Application", "example": example(decider.model)}


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


def _own_problems(found: dict[str, Any]) -> None:
    """FastAPI announces validation errors of its own shape; ours are problems."""
    for path in found["paths"].values():
        for operation in path.values():
            wrong = operation["responses"].get("422")
            if wrong and "application/json" in wrong.get("content", {}):
                operation["responses"]["422"] = schemas.problems(422)[422]
