from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2 as httpx
import pytest

from loanbook.service.tracing import Tracing, step, tracer_or_none
from tests.servers import Server

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
VARIABLES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_SDK_DISABLED",
)


@pytest.fixture(autouse=True)
def nothing_asked_for(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def spans(client, need):
    """Spans that ended, by name, while `client` is asked."""
    need("opentelemetry.sdk")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    client.app.state.tracing = Tracing(provider)
    yield exporter.get_finished_spans
    provider.shutdown()
    client.app.state.tracing = None


def test_a_decision_is_a_span_with_its_steps_below_it(client, application, spans):
    client.post("/v1/decisions", json=application)
    found = {one.name: one for one in spans()}
    assert set(found) == {"POST /v1/decisions", "decode", "score", "log"}
    whole = found["POST /v1/decisions"]
    assert whole.parent is None
    assert whole.kind.name == "SERVER"
    assert dict(whole.attributes) == {
        "http.request.method": "POST",
        "http.route": "/v1/decisions",
        "http.response.status_code": 200,
    }
    for name in ("decode", "score", "log"):
        assert found[name].parent.span_id == whole.context.span_id
        assert whole.start_time <= found[name].start_time <= found[name].end_time <= whole.end_time
    assert found["decode"].end_time <= found["score"].start_time <= found["score"].end_time <= found["log"].start_time


def test_the_caller_s_trace_goes_on(client, application, spans):
    client.post("/v1/decisions", json=application, headers={"traceparent": PARENT})
    client.get("/v1/models", headers={"traceparent": PARENT})
    wholes = [one for one in spans() if one.kind.name == "SERVER"]
    assert [one.name for one in wholes] == ["POST /v1/decisions", "GET /v1/models"]
    for one in wholes:
        assert f"{one.context.trace_id:032x}" == PARENT[3:35]
        assert f"{one.parent.span_id:016x}" == PARENT[36:52]


def test_a_traceparent_that_is_none_is_as_good_as_none(client, spans):
    client.get("/healthz", headers={"traceparent": "00-zz-\xe9-01".encode("latin-1")})
    (one,) = spans()
    assert one.parent is None


def test_a_span_names_the_template_and_nothing_that_was_said(client, application, spans):
    client.get("/v1/decisions/Jane", params={"since": "Jane"})
    client.get("/v1/Jane")
    client.post("/v1/decisions", json={**application, "city": "Jane", "amount": "Jane", "Jane": 1})
    client.post("/v1/decisions", json={**application, "city": "Jane"})
    names = [one.name for one in spans() if one.kind.name == "SERVER"]
    assert names == [
        "GET /v1/decisions/{decision_id}",
        "GET (no such path)",
        "POST /v1/decisions",
        "POST /v1/decisions",
    ]
    assert "Jane" not in "".join(one.to_json() for one in spans())


def test_a_fault_marks_the_span(quiet_client, client, application, spans, monkeypatch):
    from loanbook.decisions.decider import Decider

    def broken(*_):
        raise ZeroDivisionError("Jane")

    monkeypatch.setattr(Decider, "decide_row", broken)
    client.post("/v1/decisions", json=application)
    found = {one.name: one for one in spans()}
    assert found["POST /v1/decisions"].status.status_code.name == "ERROR"
    assert found["score"].attributes["error.type"] == "ZeroDivisionError"
    assert "Jane" not in "".join(one.to_json() for one in spans())


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console"},
        {"OTEL_TRACES_EXPORTER": "pigeon"},
    ],
)
def test_spans_are_off_unless_they_are_asked_for(asked, monkeypatch):
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    assert tracer_or_none() is None


def test_without_spans_a_step_is_nothing():
    assert step(None, "decode") is step(None, "score")
    with step(None, "log"):
        pass


@pytest.fixture
def collector(need):
    """A receiver of OTLP over HTTP: its address, and the spans it got."""
    need("opentelemetry.proto")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                raw = gzip.decompress(raw)
            if self.path == "/v1/traces":
                got.append(ExportTraceServiceRequest.FromString(raw))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    got: list = []
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_spans_reach_a_collector(book, application, collector, monkeypatch):
    address, got = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    server = Server(book.path.parent)
    made = httpx.post(f"{server.address}/v1/decisions", json=application, headers={"traceparent": PARENT})
    assert made.status_code == 200
    said = server.stop()  # what was not sent yet is sent before it ends
    assert "Traceback" not in said
    resources = [one for request in got for one in request.resource_spans]
    named = {(one.key, one.value.string_value) for one in resources[0].resource.attributes}
    assert ("service.name", "loanbook") in named
    spans = [span for one in resources for scope in one.scope_spans for span in scope.spans]
    mine = {span.name for span in spans if span.trace_id.hex() == PARENT[3:35]}
    assert mine == {"POST /v1/decisions", "decode", "score", "log"}
