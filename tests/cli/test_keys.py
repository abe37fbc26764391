from __future__ import annotations

import json

import pytest

from loanbook.cli import main
from loanbook.decisions.audit import verify
from loanbook.registry.keys import Keys
from loanbook.registry.store import open_store
from loanbook.service.run import check_host


@pytest.fixture
def run(sample_book, capsys):
    """`run("list")` gives the exit code, what was said on stdout and on stderr."""

    def call(*words):
        code = main(["keys", *words, "--book", str(sample_book.path)])
        return code, *capsys.readouterr()

    return call


def test_a_key_is_shown_once_and_then_only_named(run):
    code, said, aside = run("create", "webshop", "--role", "decide", "--rate", "50")
    key = said.strip()
    assert code == 0
    assert key.startswith("lb_")
    assert len(key) == 55
    assert "not shown again" in aside
    code, said, _ = run("list")
    assert code == 0
    assert key[3:11] in said
    assert "50/s" in said
    assert key[12:] not in said


def test_machines_get_json(run):
    _, said, _ = run("create", "webshop", "--role", "read", "--json")
    made = json.loads(said)
    assert made["key"].startswith(f"lb_{made['key_id']}_")
    _, said, _ = run("list", "--json")
    listed = json.loads(said)["keys"]
    assert listed == [{name: value for name, value in made.items() if name != "key"}]
    assert "digest" not in listed[0]
    _, said, _ = run("revoke", made["key_id"], "--json")
    assert json.loads(said)["revoked_at"] >= made["created_at"]


def test_a_revoked_key_stays_in_the_list_and_revoking_again_changes_nothing(run, sample_book):
    _, said, _ = run("create", "webshop", "--role", "admin", "--json")
    name = json.loads(said)["key_id"]
    code, said, aside = run("revoke", name)
    assert code == 0
    assert "worthless since" in said
    assert "nobody is answered now" in aside
    _, first, _ = run("list", "--json")
    assert run("revoke", name)[0] == 0
    _, again, _ = run("list", "--json")
    assert first == again


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "webshop", "--role", "boss"], "decide, read, review, admin"),
        (["create", "webshop", "--role", "read", "--rate", "0"], "above 0"),
        (["create", "webshop", "--role", "read", "--rate", "nan"], "above 0"),
        (["create", "", "--role", "read"], "1 to 80"),
        (["create", "x" * 81, "--role", "read"], "1 to 80"),
        (["create", "web\nshop", "--role", "read"], "printable"),
        (["create", "webshop"], "--role"),
        (["revoke", "nothing1"], "no key 'nothing1'"),
    ],
)
def test_wrong_use_is_a_paragraph(run, words, said):
    code, _, aside = run(*words)
    assert code == 2
    assert said in aside
    assert "Traceback" not in aside


def test_an_empty_list_says_what_that_means(run):
    assert "its own machine only" in run("list")[1]


def test_with_a_key_other_machines_may_be_served_and_with_none_left_not(run, sample_book):
    _, said, _ = run("create", "webshop", "--role", "admin", "--json")
    check_host("0.0.0.0", sample_book)
    run("revoke", json.loads(said)["key_id"])
    with pytest.raises(Exception, match="no keys yet"):
        check_host("0.0.0.0", sample_book)


def test_making_and_revoking_are_records_of_the_chain(run, sample_book):
    _, said, _ = run("create", "webshop", "--role", "decide", "--rate", "50", "--json")
    run("revoke", json.loads(said)["key_id"])
    store = open_store(sample_book.store)
    with store.reading() as connection:
        changes = connection.exec_driver_sql("select seq, action, name, role, rate from key_changes order by seq").all()
        head = connection.exec_driver_sql("select seq from chain_head").scalar_one()
    store.close()
    assert [tuple(change) for change in changes] == [
        (head - 1, "create", "webshop", "decide", 50.0),
        (head, "revoke", "webshop", "decide", 50.0),
    ]
    assert verify(sample_book).equal


def test_keys_are_kept_in_postgresql_too(fresh_postgres_url):
    store = open_store(fresh_postgres_url)
    keys = Keys(store)
    key, _ = keys.create("webshop", "decide", 50)
    assert keys.revoke(key.key_id).revoked_at is not None
    assert [one.rate for one in keys.all()] == [50.0]
    store.close()
