# The decision service. Debian's Python 3.11 to 3.13 is enough of a base; none but `apt-get` and `pip` fetches anything.
#
#     docker build -t loanbook .
#     docker build -t loanbook:train --build-arg REQUIREMENTS="serve run" .     # also trains and scores files
#
# docs/how-to/run-in-a-container.md says how it is run.
ARG BASE=python:3.12-slim

# --- what is only needed to build -----------------------------------------------------------------------------------
FROM ${BASE} AS builder

# Which locks. serve: decide, log, audit, keys (also on PostgreSQL). run: what `make demo` installs.
ARG REQUIREMENTS="serve"

RUN command -v cc strip > /dev/null \
    || { apt-get update && apt-get install -y --no-install-recommends binutils gcc libc6-dev; }

COPY requirements /build/requirements
RUN python3 -m venv /build/tools \
    && /build/tools/bin/python -m pip install --require-hashes -r /build/requirements/build.txt \
    && python3 -m venv --without-pip /opt/loanbook \
    && /build/tools/bin/python -m pip --python /opt/loanbook/bin/python install --no-deps \
        --require-hashes $(printf ' -r /build/requirements/%s.txt' ${REQUIREMENTS})

# A quarter of the largest libraries is names for a debugger, and a quarter of NumPy is its tests. Libraries that
# auditwheel has rewritten (*.libs), and those of another processor, stay whole.
RUN { find /opt/loanbook -name '*.so' -size +1M -not -path '*.libs/*' -exec strip --strip-unneeded {} + || true; } \
    && find /opt/loanbook -type d -name tests -prune -exec rm -r {} +

COPY . /build/source
RUN cd /build/source \
    && /build/tools/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /build/wheels . \
    && /build/tools/bin/python -m pip --python /opt/loanbook/bin/python install --no-deps --no-index \
        /build/wheels/*.whl \
    && cp deploy/gunicorn.conf.py /opt/loanbook/

# --- what is shipped ------------------------------------------------------------------------------------------------
FROM ${BASE}

LABEL org.opencontainers.image.title="loanbook" \
      org.opencontainers.image.description="A decision service for loans: fast, explained, logged" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.documentation="docs/how-to/run-in-a-container.md"

RUN groupadd --gid 10001 loanbook \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /book --shell /usr/sbin/nologin loanbook \
    && install -d /book && install -d -o loanbook -g loanbook /book/.loanbook /heads

COPY --from=builder /opt/loanbook /opt/loanbook

# One thread of arithmetic for each worker: the workers are what uses the cores.
ENV PATH=/opt/loanbook/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    POLARS_MAX_THREADS=1 \
    LOANBOOK_BOOK=/book/loanbook.toml \
    LOANBOOK_LOG_FORMAT=json \
    BIND=0.0.0.0:8000

USER 10001:10001
WORKDIR /book
VOLUME /book
EXPOSE 8000
STOPSIGNAL SIGTERM

# Ready means: a champion is loaded and the store takes writes.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-I", "-c", "\
from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=4); c.request('GET', '/readyz'); \
raise SystemExit(c.getresponse().status != 200)"]

CMD ["gunicorn", "--config", "/opt/loanbook/gunicorn.conf.py"]
