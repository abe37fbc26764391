"""OpenTelemetry spans, when they are asked for: one a request, with the steps of a decision below it.

OpenTelemetry's own variables ask for them: OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT), or
OTEL_TRACES_EXPORTER (`otlp` or `console`). A span holds method, path template and status; never a field, a body, or
the message of an error.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from loanbook import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

logger = logging.getLogger("loanbook.service")

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
EXPORTER: Final = "OTEL_TRACES_EXPORTER"
OFF: Final = "OTEL_SDK_DISABLED"

_CARRIED: Final = (b"traceparent", b"tracestate")
_NOTHING: Final[AbstractContextManager[None]] = nullcontext()


class Trace:
    """The span of one request; made by `Tracing.begin`, closed by `end`."""

    __slots__ = ("_below", "_method", "_span", "_tracer")

    def __init__(self, tracer: Any, span: Span, below: Any, method: str) -> None:
        self._tracer = tracer
        self._span = span
        self._below = below
        self._method = method

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A span below it, around a block."""
        span = self._tracer.start_span(name, context=self._below)
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            raise
        finally:
            span.end()

    def end(self, status: int, path: str = "") -> None:
        """The request was answered; `path` is its template when `begin` did not know it yet."""
        span = self._span
        if path:
            span.update_name(f"{self._method} {path}")
            span.set_attribute("http.route", path)
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            from opentelemetry.trace import StatusCode

            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", str(status))
        span.end()


class Tracing:
    """Where spans go.

    Parameters
    ----------
    provider : of OpenTelemetry's SDK, with its exporters.
    """

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("loanbook", __version__)
        self._extract = TraceContextTextMapPropagator().extract
        self._kind = SpanKind.SERVER
        self._inside = set_span_in_context

    def begin(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> Trace:
        """The span of a request, below the caller's own when he sent a `traceparent`.

        Parameters
        ----------
        method, path : of the request; the path as a template, "" while it is not known.
        headers : by their names in small letters.
        """
        carried = {name.decode(): headers[name].decode("latin-1") for name in _CARRIED if name in headers}
        attributes = {"http.request.method": method} | ({"http.route": path} if path else {})
        span = self._tracer.start_span(
            f"{method} {path}".rstrip(), self._extract(carried), self._kind, attributes=attributes
        )
        return Trace(self._tracer, span, self._inside(span), method)

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()


def step(trace: Trace | None, name: str) -> AbstractContextManager[None]:
    """`with step(trace, "score"):` is a span below the request's, or nothing at all when spans are off."""
    return _NOTHING if trace is None else trace.step(name)


def tracer_or_none() -> Tracing | None:
    """What the environment asks for; None when it asks for nothing, or the extra `otel` is not installed."""
    exporter = os.environ.get(EXPORTER, "").strip().lower()
    asked = bool(exporter) or any(os.environ.get(name) for name in ENDPOINTS)
    if not asked or exporter == "none" or os.environ.get(OFF, "").strip().lower() == "true":
        return None
    try:
        return _started(exporter or "otlp")
    except ImportError:
        logger.warning("spans are asked for, but OpenTelemetry is not installed: pip install 'loanbook[otel]'")
        return None


def _started(exporter: str) -> Tracing | None:
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter

    sends: SpanExporter
    if exporter == "console":
        sends = ConsoleSpanExporter()
    elif exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        sends = OTLPSpanExporter()
    else:
        logger.warning("there is no exporter of spans %r; choose otlp or console", exporter)
        return None
    named = os.environ.get("OTEL_SERVICE_NAME") or "loanbook"
    resource = Resource.create({SERVICE_NAME: named, SERVICE_VERSION: __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(sends))
    return Tracing(provider)
