"""/docs: Swagger UI out of an installed package, so that no address outside this machine is asked."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from loanbook.service.problems import JsonAnswer, ProblemError

PACKAGE: Final = "fastapi_offline"
"""It carries the files of Swagger UI (Apache-2.0) and nothing else that we use."""

ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>loanbook: the API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> says the same to machines.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

START: Final = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def page() -> Response:
    """Swagger UI."""
    return HTMLResponse(PAGE, headers={"content-security-policy": POLICY, "x-content-type-options": "nosniff"})


@router.get("/docs/start.js")
def start() -> Response:
    """What starts it: a file, because the policy allows no script inside the page."""
    return Response(START, media_type="text/javascript", headers={"x-content-type-options": "nosniff"})


@router.get("/docs/{name}")
def asset(name: str) -> Response:
    """Its own files."""
    if name not in ASSETS:
        raise ProblemError(404, "Not Found", "There is no such file.")
    headers = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff"}
    return FileResponse(_folder() / name, media_type=ASSETS[name], headers=headers)


@router.get("/openapi.json")
def openapi(request: Request) -> Response:
    """The document it shows."""
    return JsonAnswer(request.app.openapi())


def _folder() -> Path:
    return Path(str(files(PACKAGE))) / "static"
