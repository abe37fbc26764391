"""Clients that others' programs make from the document, used against a running service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

import loanbook as lb

HERE = Path(__file__).parent
INSTALL = ["pip", "install", "-q", "--no-deps", "--require-hashes", "--only-binary", ":all:"]


def run(words, folder, **environment):
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def document(lender, tmp_path_factory):
    """The document of the running service, in a file."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(httpx.get(f"{lender.address}/openapi.json").content)
    return path


@pytest.fixture(scope="module")
def examples(document):
    parts = json.loads(document.read_text(encoding="utf-8"))["components"]["schemas"]
    return json.dumps(parts["Application"]["example"]), json.dumps(parts["AmountApplication"]["example"])


def stored(lender, decision_id):
    with lb.Client(lender.address) as client:
        return client.decision(decision_id)


def test_a_python_client(lender, document, examples, tmp_path):
    tools = tmp_path / "tools"  # a folder of their own: they want an older typer than ours
    locked = HERE / "openapi-python-client.txt"
    uv = Path(sys.executable).with_name("uv")
    run([uv, *INSTALL, "--python", sys.executable, "--target", tools, "-r", locked], tmp_path)
    (tmp_path / "settings.yaml").write_text("post_hooks: []\n", encoding="utf-8")
    words = [sys.executable, "-m", "openapi_python_client", "generate", "--path", document]
    said = run([*words, "--output-path", "made", "--config", "settings.yaml"], tmp_path, PYTHONPATH=str(tools))
    assert "warning" not in said.lower()
    path = os.pathsep.join([str(tools), str(tmp_path / "made")])
    script = HERE / "decide_generated.py"
    said = json.loads(run([sys.executable, script, lender.address, *examples], tmp_path, PYTHONPATH=path))
    kept = stored(lender, said["id"])
    assert kept.decision == said["decision"]
    assert [reason.text for reason in kept.reasons] == said["reasons"]


def test_types_for_typescript(lender, document, examples, need, tmp_path):
    need("npm")
    for name in ("package.json", "package-lock.json", "decide.mts"):
        shutil.copy(HERE / "typescript" / name, tmp_path)
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], tmp_path)
    run(["node_modules/.bin/openapi-typescript", document, "-o", "api.d.ts"], tmp_path)
    strict = ["--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"]
    (tmp_path / "node.d.ts").write_text("declare const process: { argv: string[] };\n", encoding="utf-8")
    run(["node_modules/.bin/tsc", *strict, "decide.mts", "node.d.ts"], tmp_path)
    said = json.loads(run(["node", "decide.mjs", lender.address, examples[0]], tmp_path))
    kept = stored(lender, said["id"])
    assert kept.decision == said["decision"]
    assert [reason.text for reason in kept.reasons] == said["reasons"]
    assert said["wrong"] == ["amount"]
