"""Install what the suite and the demonstration need of the system: `python -m tests.servers.install PACKAGE...`.

As root with apt-get, without letting a package start a system service; otherwise one line says what to install.
It runs before .venv exists: standard library only. It must leave the machine as it was, but for the packages.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

REFUSAL = Path("/usr/sbin/policy-rc.d")  # invoke-rc.d asks this program whether it may start a service
REFUSAL_TEXT = "#!/bin/sh\n# nsw-adapter set-up: packages are installed, services are not started\nexit 101\n"
PORT_MAPPER = "epmd"


def _venv_works() -> bool:
    try:
        __import__("ensurepip")
    except ImportError:
        return False
    return True


VENV = f"python3.{sys.version_info.minor}-venv"
JDK = "default-jdk-headless"
INSTALLED: dict[str, Callable[[], bool]] = {
    "rabbitmq-server": lambda: Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists(),
    "postgresql": lambda: any(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
    "pgbouncer": lambda: shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None,
    "xmlsec1": lambda: shutil.which("xmlsec1") is not None,
    "openssl": lambda: shutil.which("openssl") is not None,
    "softhsm2": lambda: Path("/usr/lib/softhsm/libsofthsm2.so").exists() and bool(shutil.which("softhsm2-util")),
    JDK: lambda: shutil.which("javac") is not None,
    "nodejs": lambda: shutil.which("node") is not None,
    "npm": lambda: shutil.which("npm") is not None,
    "prometheus": lambda: shutil.which("promtool") is not None,
    "clamav-daemon": lambda: shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None,
    "rsyslog": lambda: shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None,
    "rsyslog-gnutls": lambda: any(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")),
    "systemd": lambda: Path("/lib/systemd/systemd-journald").exists(),
    "gcc": lambda: shutil.which("cc") is not None,
    "libc6-dev": lambda: Path("/usr/include/dlfcn.h").exists(),
    "chromium": lambda: shutil.which("chromium") is not None,
    VENV: _venv_works,
}


def missing(packages: Sequence[str]) -> list[str]:
    """Name the packages whose programs are not there."""
    return [each for each in packages if not INSTALLED[each]()]


@contextmanager
def services_stay_down() -> Iterator[None]:
    """Forbid the start of services while packages are set up, then restore what was there."""
    before = REFUSAL.read_bytes() if REFUSAL.exists() else None
    mode = REFUSAL.stat().st_mode if before is not None else 0
    mappers = _port_mappers()
    REFUSAL.write_text(REFUSAL_TEXT)
    REFUSAL.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            REFUSAL.unlink()
        else:
            REFUSAL.write_bytes(before)
            REFUSAL.chmod(mode)
        for pid in _port_mappers() - mappers:  # started by the installation: ours to end
            os.kill(pid, 15)


def _port_mappers() -> set[int]:
    """The system's Erlang port mappers; a private server's carries its mark and is not counted."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            private = b"NSW_PRIVATE_SERVER=" in (entry / "environ").read_bytes()
            if (entry / "comm").read_text().strip() == PORT_MAPPER and not private:
                found.add(int(entry.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def apt_get(*arguments: str) -> bool:
    """Run apt-get without questions; show what it said only if it failed."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["apt-get", "-q", "-y", *arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
    return done.returncode == 0


def install(packages: Sequence[str]) -> bool:
    """Install the packages; tell whether their programs are there now."""
    print(f"installing {' '.join(packages)} ...", flush=True)
    # Debian's postgresql package makes a cluster of its own; nobody asked for one.
    with services_stay_down(), _no_system_cluster():
        done = apt_get("update") and apt_get("install", "--no-install-recommends", *packages)
    return done and not missing(packages)


@contextmanager
def _no_system_cluster() -> Iterator[None]:
    settings = Path("/etc/postgresql-common/createcluster.d/nsw-adapter.conf")
    made = [each for each in (settings.parent, settings.parent.parent) if not each.exists()]
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        settings.unlink(missing_ok=True)
        for folder in made:
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()


def main(arguments: Sequence[str]) -> int:
    packages = [VENV if each == "python3-venv" else each for each in arguments]
    unknown = [each for each in packages if each not in INSTALLED]
    if unknown or not packages:
        print(f"usage: python -m tests.servers.install {' '.join(INSTALLED)}", file=sys.stderr)
        return 2
    wanted = missing(packages)
    if not wanted:
        return 0
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"please install: {' '.join(wanted)} (on Debian: apt-get install {' '.join(wanted)})", file=sys.stderr)
        return 1
    return 0 if install(wanted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
