"""The HTTP API over the decisions: FastAPI, no work at import."""
