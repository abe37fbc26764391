"""A container engine for tests: buildah builds, podman runs, both in folders and mounts of their own.

No daemon and no registry is needed. What the engine stores stays in one folder; its mounts and networks live in a mount
namespace of their own, which ends with the process that holds it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

import httpx2 as httpx

ROOT = Path(__file__).parents[2]
NEEDS = ("debootstrap", "buildah", "podman", "podman-compose", "crun", "netavark", "aardvark-dns")
"""Programs; all are packages of Debian."""

BASE = "localhost/loanbook-base"
IMAGE = "localhost/loanbook"

_STORAGE = """
[storage]
driver = "{driver}"
graphroot = "{folder}/store"
runroot = "{folder}/run"
"""

# No cgroups and no limits of their own: a sandbox may not set them.
_CONTAINERS = """
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "crun"
cgroup_manager = "cgroupfs"
events_logger = "file"
static_dir = "{folder}/static"
tmp_dir = "{folder}/tmp"
volume_path = "{folder}/volumes"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
default_subnet = "10.213.88.0/24"
"""

# Where a host has cgroups of both versions, crun refuses to start; here it sees version 2 alone. The answer is the
# storage driver: overlay saves a copy of the image for each container, but not every file system bears it.
_MOUNTS = """
umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || exit
mkdir -p "$1/try/1" "$1/try/2" "$1/try/3" "$1/try/all"
if mount -t overlay -o "lowerdir=$1/try/1,upperdir=$1/try/2,workdir=$1/try/3" none "$1/try/all"; then
    umount "$1/try/all" && echo overlay
else
    echo vfs
fi
exec sleep infinity
"""


def helper(name: str) -> bool:
    """Whether podman's helper programs, which are not on the path, are there."""
    return any((Path(folder) / name).exists() for folder in ("/usr/lib/podman", "/usr/libexec/podman"))


class Engine:
    """buildah and podman, with everything they store in one folder.

    Parameters
    ----------
    folder : is made when it is missing; images in it are used again.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._mounts = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", _MOUNTS, "sh", folder], stdout=subprocess.PIPE, text=True
        )
        driver = self._mounts.stdout.readline().strip()
        assert driver
        for name, text in (("storage", _STORAGE), ("containers", _CONTAINERS)):
            (folder / f"{name}.conf").write_text(text.format(folder=folder, driver=driver), encoding="utf-8")
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        }
        self.folder = folder

    def close(self) -> None:
        self._mounts.kill()
        self._mounts.communicate()

    def run(self, *command: str | Path, fails: bool = False, **options) -> str:
        """What the command prints; an error shows all that it said."""
        inside = ["nsenter", f"--mount=/proc/{self._mounts.pid}/ns/mnt", f"--wd={ROOT}", *map(str, command)]
        done = subprocess.run(
            inside,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            **options,
        )
        assert bool(done.returncode) == fails, (
            f"{inside}\n{done.returncode}\n{done.stdout[-6000:]}{done.stderr[-6000:]}"
        )
        return done.stdout + done.stderr if fails else done.stdout

    def base(self) -> str:
        """The name of an image with Debian's Python, made once for a folder."""
        if BASE not in self.run("podman", "images", "--format", "{{.Repository}}"):
            tar = self.folder / "base.tar"
            self.run("sh", ROOT / "scripts" / "debian_base.sh", tar)
            self.run("podman", "import", tar, BASE)
            tar.unlink()
        return BASE

    def build(self, folder: Path, image: str) -> str:
        """Build the Dockerfile of a folder on our base, with pip and TLS set up as they are here."""
        trust = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf"]
        options = [f"--volume={path}:{path}:ro" for path in trust if Path(path).exists()]
        build = ("buildah", "bud", "--format=docker", "--isolation=chroot", *options)
        self.run(*build, f"--build-arg=BASE={self.base()}", f"--tag={image}", folder)
        return image


class Container:
    """A container that runs in the background, asked over the port that it publishes.

    Parameters
    ----------
    engine : that runs it.
    options : of `podman run`, the image and its command with them.
    """

    def __init__(self, engine: Engine, *options: str) -> None:
        self.engine = engine
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.name = engine.run("podman", "run", "--detach", f"--publish=127.0.0.1:{self.port}:8000", *options).strip()

    def exec(self, *command: str, fails: bool = False) -> str:
        return self.engine.run("podman", "exec", self.name, *command, fails=fails)

    def wait(self, path: str = "/readyz", status: int = 200, seconds: float = 120.0) -> None:
        """Until it answers so."""
        deadline = time.monotonic() + seconds
        said = ""
        while time.monotonic() < deadline:
            try:
                answer = httpx.get(f"{self.address}{path}", timeout=5)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.status_code == status:
                    return
                said = f"{answer.status_code} {answer.text}"
            time.sleep(0.1)
        raise AssertionError(f"{said}\n{self.log()}")

    def log(self) -> str:
        return self.engine.run("sh", "-c", f"podman logs {self.name} 2>&1")

    def stop(self, seconds: int = 20) -> int:
        """End it as an orchestrator does, SIGTERM first; its exit code."""
        self.engine.run("podman", "stop", f"--time={seconds}", self.name)
        return int(self.engine.run("podman", "inspect", "--format={{.State.ExitCode}}", self.name))

    def remove(self) -> None:
        self.engine.run("podman", "rm", "--force", "--time=0", "--volumes", self.name)


def free_port() -> int:
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]
