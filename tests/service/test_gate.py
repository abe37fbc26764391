from __future__ import annotations

import base64

import pytest

from loanbook.registry.keys import ROLES, Keys
from loanbook.registry.store import open_store
from loanbook.service.gate import ANYBODY, NEIGHBOUR, OPEN, Gate, needed
from loanbook.service.limits import ADDRESSES, FAILURES, Bucket, Failures
from loanbook.service.problems import ProblemError

HERE = {b"host": b"127.0.0.1:8000"}
DECIDE = ("POST", "/v1/decisions")
READ = ("GET", "/v1/decisions")
REVIEW = ("POST", "/v1/decisions/0199a3c8/review")
ELSE = ("DELETE", "/v1/decisions")


@pytest.fixture
def store(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    yield store
    store.close()


@pytest.fixture
def keys(store):
    return Keys(store)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def bearer(token, **more):
    return {b"host": b"loans.example", b"authorization": b"Bearer " + token.encode(), **more}


def basic(token):
    word = base64.b64encode(f"anybody:{token}".encode())
    return {b"host": b"loans.example", b"authorization": b"Basic " + word}


def refused(gate, method, path, headers, client="192.0.2.7"):
    with pytest.raises(ProblemError) as caught:
        gate.admit(method, path, headers, client)
    return caught.value


@pytest.mark.parametrize("client", ["127.0.0.1", "127.4.5.6", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", [b"127.0.0.1:8000", b"localhost:8000", b"[::1]:8000", b"loans.localhost", b""])
def test_without_a_key_this_machine_may_do_everything(store, client, host):
    gate = Gate(store)
    for method, path in (DECIDE, READ, REVIEW, ELSE):
        assert gate.admit(method, path, {b"host": host}, client) is NEIGHBOUR


@pytest.mark.parametrize("client", ["192.0.2.7", "10.0.0.1", "fe80::1", "::ffff:10.0.0.1", None, "", "localhost"])
def test_without_a_key_no_other_machine_may_ask_anything(store, client):
    assert refused(Gate(store), *READ, HERE, client).status == 403


@pytest.mark.parametrize("header", [b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"])
def test_without_a_key_whoever_comes_through_a_proxy_is_another_machine(store, header):
    assert refused(Gate(store), *READ, {**HERE, header: b"127.0.0.1"}, "127.0.0.1").status == 403


def test_without_a_key_no_page_of_another_site_reaches_the_service_through_a_browser(store):
    gate = Gate(store)
    assert refused(gate, *READ, {b"host": b"rebound.example:8000"}, "127.0.0.1").status == 403
    foreign = {**HERE, b"origin": b"https://bad.example"}
    assert refused(gate, *DECIDE, foreign, "127.0.0.1").status == 403
    assert gate.admit(*DECIDE, {**HERE, b"origin": b"http://127.0.0.1:8000"}, "127.0.0.1") is NEIGHBOUR


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("decide", {DECIDE}),
        ("read", {READ}),
        ("review", {READ, REVIEW}),
        ("admin", {DECIDE, READ, REVIEW, ELSE}),
    ],
)
def test_each_role_may_its_own_and_no_more(store, keys, role, may):
    key, token = keys.create("someone", role)
    gate = Gate(store)
    for asked in (DECIDE, READ, REVIEW, ELSE):
        if asked in may:
            caller = gate.admit(*asked, bearer(token), "192.0.2.7")
            assert (caller.key_id, caller.name) == (key.key_id, "someone")
        else:
            assert refused(gate, *asked, bearer(token)).status == 403


def test_with_a_key_this_machine_needs_one_too(store, keys):
    keys.create("someone", "admin")
    problem = refused(Gate(store), *READ, HERE, "127.0.0.1")
    assert problem.status == 401
    assert problem.headers["www-authenticate"].count('realm="loanbook"') == 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_health_check_needs_no_key(store, keys, path):
    assert Gate(store).admit("GET", path, {}, "192.0.2.7") is ANYBODY
    keys.create("someone", "admin")
    assert Gate(store).admit("GET", path, {}, "192.0.2.7") is ANYBODY


def test_what_is_nearly_a_key_is_none(store, keys):
    _, token = keys.create("someone", "admin")
    gate = Gate(store)
    other = "a" if token[-1] != "a" else "b"
    wrong = [
        token[:-1] + other,
        token[:-1],
        token + "x",
        token.upper(),
        "lb_aaaaaaaa" + token[11:],
        "",
        "lb_",
        " " * 55,
    ]
    for text in wrong:
        assert refused(gate, *READ, bearer(text), text).status == 401
    for said in (
        token.encode(),
        b"Bearer",
        b"Token " + token.encode(),
        b"Basic !!!",
        b"Basic",
        b"\xff\xfe",
        b"Basic w7c=",
    ):
        assert refused(gate, *READ, {b"authorization": said}, said.decode("latin-1")).status == 401


def test_schemes_are_written_in_any_case(store, keys):
    _, token = keys.create("someone", "read")
    gate = Gate(store)
    for scheme in (b"bearer ", b"BEARER ", b"Bearer  "):
        assert gate.admit(*READ, {b"authorization": scheme + token.encode()}, None).name == "someone"


def test_a_browser_sends_the_key_as_a_password(store, keys):
    _, token = keys.create("someone", "admin")
    gate = Gate(store)
    assert gate.admit(*READ, basic(token), "192.0.2.7").name == "someone"
    assert gate.admit(*DECIDE, basic(token), "192.0.2.7").name == "someone"
    foreign = {**basic(token), b"origin": b"https://bad.example"}
    assert refused(gate, *DECIDE, foreign).status == 403
    assert gate.admit(*READ, foreign, "192.0.2.7").name == "someone"


def test_a_key_made_or_revoked_counts_from_the_next_look_on(store, keys):
    gate = Gate(store)
    assert gate.admit(*READ, HERE, "127.0.0.1") is NEIGHBOUR
    key, token = keys.create("someone", "read")
    gate.refresh()
    assert refused(gate, *READ, HERE, "127.0.0.1").status == 401
    assert gate.admit(*READ, bearer(token), "192.0.2.7").name == "someone"
    keys.revoke(key.key_id)
    gate.refresh()
    assert refused(gate, *READ, bearer(token)).status == 401


def test_with_the_last_key_revoked_the_service_is_shut_and_not_open(store, keys):
    key, _ = keys.create("someone", "admin")
    keys.revoke(key.key_id)
    assert refused(Gate(store), *READ, HERE, "127.0.0.1").status == 401


def test_a_rate_is_kept_a_second_at_a_time(store, keys, clock):
    _, token = keys.create("someone", "decide", 5)
    gate = Gate(store, clock=clock)
    for _ in range(5):
        gate.admit(*DECIDE, bearer(token), None)
    problem = refused(gate, *DECIDE, bearer(token))
    assert problem.status == 429
    assert problem.headers == {
        "retry-after": "1",
        "ratelimit-policy": '"default";q=5;w=1',
        "ratelimit": '"default";r=0;t=1',
    }
    gate.refresh()
    assert refused(gate, *DECIDE, bearer(token)).status == 429, "looking at the store again refills nothing"
    clock.now += 0.2
    gate.admit(*DECIDE, bearer(token), None)
    assert refused(gate, *DECIDE, bearer(token)).status == 429


def test_workers_share_a_rate(store, keys, clock, monkeypatch):
    _, token = keys.create("someone", "decide", 8)
    monkeypatch.setenv("LOANBOOK_WORKERS", "4")
    gate = Gate(store, clock=clock)
    assert [gate.admit(*DECIDE, bearer(token), None).name for _ in range(2)] == ["someone"] * 2
    assert refused(gate, *DECIDE, bearer(token)).status == 429


def test_a_rate_below_one_a_second_lets_one_through_at_a_time():
    bucket = Bucket(0.1)
    assert bucket.take(0.0) == 0.0
    assert bucket.take(1.0) == pytest.approx(9.0)
    assert bucket.take(10.0) == 0.0


def test_wrong_keys_are_slowed_down_and_right_ones_are_not(store, keys, clock):
    _, token = keys.create("someone", "read")
    gate = Gate(store, clock=clock)
    wrong = bearer("lb_aaaaaaaa_" + "x" * 43)
    said = [refused(gate, *READ, wrong).status for _ in range(int(FAILURES) + 5)]
    assert said == [401] * int(FAILURES) + [429] * 5
    assert refused(gate, *READ, wrong, "198.51.100.1").status == 401, "another address is not held up"
    assert gate.admit(*READ, bearer(token), "192.0.2.7").name == "someone"
    clock.now += 1.0
    assert refused(gate, *READ, wrong).status == 401


def test_the_memory_of_wrong_keys_is_bounded():
    failures = Failures()
    for place in range(3 * ADDRESSES):
        failures.note(f"192.0.2.{place}", 0.0)
    assert len(failures) == ADDRESSES


def test_every_route_has_the_role_it_should_have(client):
    """A new route that nobody thought of needs `admin`; here it is thought of."""
    wants = {
        "GET /healthz": OPEN,
        "GET /readyz": OPEN,
        "POST /v1/decisions": "decide",
        "POST /v1/decisions:batch": "decide",
    }
    wants |= {"POST /v1/outcomes": "decide", "POST /v1/{usecase}/predictions": "decide"}
    wants |= {"POST /v1/decisions/{decision_id}/review": "review"}
    paths = client.get("/openapi.json").json()["paths"]
    found = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}
    assert len(found) >= 10
    for name in found:
        method, path = name.split(" ")
        assert needed(method, path.replace("{", "").replace("}", "")) == wants.get(name, "read"), name
    assert {needed("POST", f"/v1/{word}") for word in ("x", "decisions/review", "x/y/predictions")} == {"admin"}


def test_a_secret_is_nowhere_but_with_its_owner(store, keys, tmp_path):
    key, token = keys.create("someone", "decide")
    secret = token[12:]
    assert len(secret) == 43
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes()
    assert secret not in repr(keys.all())
    assert keys.all() == [key]


def test_roles_of_the_store_are_those_of_the_gate(store, keys):
    for role in ROLES:
        keys.create(role, role)
    assert [key.role for key in keys.all()] == list(ROLES)
