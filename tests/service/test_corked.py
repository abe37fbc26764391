"""One packet an answer, and every byte in its order."""

from __future__ import annotations

import asyncio

import pytest

from loanbook.service.corked import Corked


class Noting:
    """What a socket would be handed."""

    def __init__(self):
        self.written = []
        self.closed = False

    def write(self, data):
        assert not self.closed
        self.written.append(data)

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def get_extra_info(self, name):
        return name


@pytest.fixture
def run():
    def of(script):
        async def whole():
            noting = Noting()
            await script(Corked(noting, asyncio.get_running_loop()))
            return noting

        return asyncio.run(whole())

    return of


def test_headers_and_body_are_one_write(run):
    async def script(corked):
        corked.write(b"head ")
        corked.write(b"body")
        await asyncio.sleep(0)

    assert run(script).written == [b"head body"]


def test_what_stands_alone_is_written_at_the_end_of_the_turn(run):
    async def script(corked):
        corked.write(b"")
        corked.write(b"head")
        await asyncio.sleep(0)
        corked.write(b"late")
        corked.write(b"r")
        corked.write(b"last")
        await asyncio.sleep(0)

    assert run(script).written == [b"head", b"later", b"last"]


def test_nothing_is_lost_when_it_is_closed(run):
    async def script(corked):
        corked.write(b"head")
        assert not corked.is_closing()
        corked.close()
        assert corked.is_closing()
        assert corked.get_extra_info("peername") == "peername"

    noting = run(script)
    assert (noting.written, noting.closed) == ([b"head"], True)
