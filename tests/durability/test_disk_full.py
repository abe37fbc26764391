"""The file system of the store is really full, under load, and has room again."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from benchmarks.callers import decided

SIZE = "32m"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 32 megabytes; root may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        why = f"no file system can be mounted here: {made.stderr.strip()}"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(path: Path) -> None:
    """Write until there is no room for one more byte."""
    with path.open("wb", buffering=0) as file:
        for size in (2**16, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def wait_for(callers, status, seconds=30.0):
    start = time.monotonic()
    while not [one for one in callers.asked if one.status == status and one.begun > start]:
        assert time.monotonic() < start + seconds, f"nobody was answered {status}"
        time.sleep(0.02)


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_full_disk_is_a_503_and_nothing_is_spoilt(durability, small_disk, with_champion, serve, crowd, audited):
    book = with_champion(f'store = "sqlite:///{small_disk}/store.db"\ndurability = "{durability}"')
    server = serve(book, "--workers", "2")
    ballast = small_disk / "ballast"
    with crowd(server, pause=0.005) as callers:
        callers.wait(30)
        fill(ballast)
        wait_for(callers, 503)
        fill(ballast.with_name("more"))  # what a rolled back transaction left
        wait_for(callers, 503)
        assert httpx.get(f"{server.address}/healthz").status_code == 200
        assert httpx.get(f"{server.address}/readyz").status_code == 503
        time.sleep(0.5)
        for path in (ballast, ballast.with_name("more")):
            path.unlink()
        callers.wait(30)
    assert httpx.get(f"{server.address}/readyz").status_code == 200
    refused = [one for one in callers.asked if one.status != 200]
    assert {one.status for one in refused} == {503}
    assert all(one.headers["retry-after"] == "2" for one in refused)
    again = callers.retried()
    assert audited(book) == {one.key: one.name for one in [*decided(callers.asked), *again]}
    assert "Traceback" not in server.stop()
