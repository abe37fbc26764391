"""What is said about the image elsewhere is true of it: Kubernetes' manifests, compose.yaml, Gunicorn's settings."""

from __future__ import annotations

import re
import runpy

import kubernetes_validate
import pytest
import yaml

from loanbook.book import Book
from loanbook.service.manners import DRAIN_SECONDS
from tests.container.engine import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
KUBERNETES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "deploy" / "kubernetes").iterdir()
}
POD = KUBERNETES["deployment"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def told(instruction):
    return re.search(rf"^{instruction} (.+)$", DOCKERFILE, re.MULTILINE)[1]


@pytest.mark.parametrize("name", sorted(set(KUBERNETES) - {"kustomization"}))
def test_a_manifest_fits_the_schema_of_kubernetes(name):
    kubernetes_validate.validate(KUBERNETES[name], "1.34", strict=True)


def test_the_schema_refuses_a_key_that_is_not_there():
    wrong = {**KUBERNETES["service"], "spec": {"selektor": {}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.34", strict=True)


def test_kustomize_has_every_manifest():
    assert {name.removesuffix(".yaml") for name in KUBERNETES["kustomization"]["resources"]} == set(KUBERNETES) - {
        "kustomization"
    }


def test_the_pod_is_the_user_of_the_image_and_no_more():
    uid, gid = map(int, told("USER").split(":"))
    context = POD["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["runAsNonRoot"]) == (uid, gid, True)
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False


def test_the_pod_has_what_the_image_wants_mounted():
    mounted = {each["mountPath"]: each["name"] for each in CONTAINER["volumeMounts"]}
    assert f"{told('VOLUME')}/.loanbook" in mounted
    assert re.search(r"LOANBOOK_BOOK=(\S+)", DOCKERFILE)[1] in mounted
    assert "/tmp" in mounted
    assert set(mounted.values()) == {each["name"] for each in POD["volumes"]}


def test_probes_and_services_reach_the_port_of_the_image():
    assert CONTAINER["ports"] == [{"name": "http", "containerPort": int(told("EXPOSE"))}]
    assert KUBERNETES["service"]["spec"]["ports"][0]["targetPort"] == "http"
    assert f":{told('EXPOSE')}" in DOCKERFILE.split("BIND=0.0.0.0")[1]
    assert COMPOSE["services"]["service"]["ports"][0].endswith(f":{told('EXPOSE')}")
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert CONTAINER[probe]["httpGet"] == {"path": path, "port": "http"}


def test_everything_is_selected_by_the_label_of_the_pod():
    labels = KUBERNETES["deployment"]["spec"]["template"]["metadata"]["labels"]
    assert KUBERNETES["service"]["spec"]["selector"] == labels
    assert KUBERNETES["disruption"]["spec"]["selector"]["matchLabels"] == labels
    assert KUBERNETES["deployment"]["spec"]["selector"]["matchLabels"] == labels


def test_each_waits_longer_than_the_one_inside_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    gunicorn = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    slept = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert gunicorn["graceful_timeout"] > DRAIN_SECONDS
    assert POD["terminationGracePeriodSeconds"] > slept + gunicorn["graceful_timeout"]
    assert int(COMPOSE["services"]["service"]["stop_grace_period"].rstrip("s")) > gunicorn["graceful_timeout"]


def test_the_book_in_the_config_map_is_one(monkeypatch):
    monkeypatch.setenv("LOANBOOK_PASSWORD", "x")
    book = Book.parse(KUBERNETES["book"]["data"]["loanbook.toml"])
    assert book.store == "postgresql+psycopg://loanbook:x@database/loanbook"


def test_composes_service_is_locked_up_as_the_pod_is():
    for name in ("service", "train", "watcher"):
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    named = {secret for service in COMPOSE["services"].values() for secret in service["secrets"]}
    assert named == set(COMPOSE["secrets"])
