"""A private OpenID provider on a loopback port: npm's oidc-provider, as real as any, with invented people.

`python -m tests.servers.identity start|stop|environment FOLDER SITE` serves the Makefile; it writes below FOLDER only.
"""

import argparse
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers.process import MARK, ServerFailed, free_ports, last_lines, marked, send, wait_until

PACKAGES = Path(__file__).parent / "node"
"""package.json with its lock, and the provider."""
NODE_MODULES = Path(__file__).parents[2] / "var" / "node"
"""Where the packages are installed: npm's own hashes are checked, nothing of them runs at installation."""
CLIENT, STAFF_CLIENT = "portal", "staff"
LEVEL = "urn:vneid:loa:2"
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class TestAccount:
    """Somebody who can log in. `tax_code` makes it an organisation's account."""

    __test__ = False
    name: str
    number: str
    tax_code: str = ""
    level: str = LEVEL

    def claims(self) -> dict[str, str]:
        stated = {"name": self.name, "person_number": self.number, "acr": self.level}
        kind = "organization" if self.tax_code else "individual"
        return {**stated, "account_type": kind, **({"tax_code": self.tax_code} if self.tax_code else {})}


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """Somebody of the staff who can log in; the register of people knows him by `login`, or does not."""

    name: str
    login: str

    def claims(self) -> dict[str, str]:
        return {"name": self.name, "preferred_username": self.login, "acr": LEVEL}


STAFF = {
    "can-bo": StaffAccount("Nguyễn Văn Hải (cán bộ)", "hai@bienphong.example"),
    "can-bo-2": StaffAccount("Trần Thu Hà (cán bộ)", "ha@bienphong.example"),
    "don-truong": StaffAccount("Lê Quang Minh (đồn trưởng)", "minh@bienphong.example"),
    "mong-cai": StaffAccount("Vũ Văn Ngoại (cán bộ Móng Cái)", "ngoai@bienphong.example"),
    "van-hanh": StaffAccount("Phạm Thị Lan (vận hành)", "lan@bienphong.example"),
    "hai-quan": StaffAccount("Vũ Đức Thắng (hải quan)", "thang@haiquan.example"),
    "hai-quan-quan-tri": StaffAccount("Nguyễn Thị Trường (quản trị hải quan)", "truong@haiquan.example"),
    "quan-tri": StaffAccount("Hoàng Thị Mai (quản trị)", "mai@bienphong.example"),
    "quan-tri-2": StaffAccount("Bùi Văn Đức (quản trị)", "duc@bienphong.example"),
    "kiem-tra": StaffAccount("Đỗ Văn Sơn (kiểm tra)", "son@bienphong.example"),
    "nguoi-la": StaffAccount("Người không có trong danh bạ", "la@example.com"),
}
"""By the id that the provider knows them by; the last one is never registered."""
PEOPLE = {
    "an": TestAccount("Nguyễn Văn An", "001085012345"),
    "binh": TestAccount("Trần Thị Bình", "001190004567"),
    "cuong": TestAccount("Lê Mạnh Cường", "001088007890", "0100109106"),
    "dung": TestAccount("Phạm Thị Dung", "001092003456", level="urn:vneid:loa:1"),
}
"""By the id that the provider knows them by; the last one's account is of too low a level."""


def install() -> Path:
    """Install what package-lock.json names, unless it is there; gives the folder. Raises: ServerFailed."""
    NODE_MODULES.mkdir(parents=True, exist_ok=True)
    with (NODE_MODULES / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the suite's parts run beside one another
        _install()
    return NODE_MODULES


def _install() -> None:
    lock = (PACKAGES / "package-lock.json").read_bytes()
    done = NODE_MODULES / "installed-lock.json"
    if done.exists() and done.read_bytes() == lock:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGES / name, NODE_MODULES / name)
    npm = shutil.which("npm")
    if npm is None:
        raise ServerFailed("npm is not installed (on Debian: apt-get install nodejs npm)")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    ran = subprocess.run(command, cwd=NODE_MODULES, capture_output=True, text=True)
    if ran.returncode:
        raise ServerFailed(f"npm ci in {NODE_MODULES}: {ran.stdout}{ran.stderr}")
    done.write_bytes(lock)


class IdentityProvider:
    """One provider in one folder, for one portal and, where it is named, the listener of its staff."""

    def __init__(self, folder: Path, site: str, staff_site: str = "") -> None:
        self.folder, self.site, self.staff_site = folder.resolve(), site, staff_site
        self.people: Mapping[str, TestAccount] = PEOPLE
        """Who can log in besides the staff."""
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        """Its address: `localhost`, so that to a browser it is another site than the portal on 127.0.0.1."""
        file = self.folder / "port"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text(str(free_ports(1)[0]))
        return f"http://localhost:{file.read_text()}"

    @property
    def secret_file(self) -> Path:
        """The portal's secret at this provider, drawn once."""
        file = self.folder / "client-secret"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32))
        return file

    def environment(self) -> dict[str, str]:
        """The settings of a portal that logs people in here."""
        return {
            "NSW_WEB__PORTAL__PUBLIC_URL": self.site,
            "NSW_WEB__PORTAL__LOGIN__ISSUER": self.issuer,
            "NSW_WEB__PORTAL__LOGIN__CLIENT_ID": CLIENT,
            "NSW_WEB__PORTAL__LOGIN__CLIENT_SECRET_FILE": str(self.secret_file),
            "NSW_WEB__PORTAL__LOGIN__ACR": json.dumps([LEVEL], separators=(",", ":")),
            **self._staff_environment(),
        }

    def _staff_environment(self) -> dict[str, str]:
        if not self.staff_site:
            return {}
        return {
            "NSW_WEB__STAFF__PUBLIC_URL": self.staff_site,
            "NSW_WEB__STAFF__LOGIN__ISSUER": self.issuer,
            "NSW_WEB__STAFF__LOGIN__CLIENT_ID": STAFF_CLIENT,
            "NSW_WEB__STAFF__LOGIN__CLIENT_SECRET_FILE": str(self.secret_file),
        }

    def settings(self) -> dict[str, object]:
        """The same as keys of config.yaml."""
        login = {"issuer": self.issuer, "client_id": CLIENT, "client_secret_file": str(self.secret_file)}
        stated: dict[str, object] = {"web.portal.public_url": self.site, "web.portal.login": login | {"acr": [LEVEL]}}
        if self.staff_site:
            stated |= {"web.staff.public_url": self.staff_site, "web.staff.login": login | {"client_id": STAFF_CLIENT}}
        return stated

    def start(self) -> None:
        """Start it and wait until it answers. Raises: ServerFailed."""
        install()
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "provider.log"
        shutil.copy(PACKAGES / "provider.mjs", self._program)
        node = shutil.which("node")
        if node is None:
            raise ServerFailed("node is not installed (on Debian: apt-get install nodejs)")
        with log.open("ab") as said:
            self._child = subprocess.Popen(
                [node, self._program],
                env={MARK: str(self.folder), "PATH": os.environ.get("PATH", ""), **self._stated()},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        if not wait_until(lambda: self._answers() or self._child.poll() is not None, seconds=START_SECONDS):
            self.stop()
        if self._child is None or self._child.poll() is not None:
            raise ServerFailed(f"the identity provider did not start in {self.folder}\n{last_lines(log)}")

    @property
    def _program(self) -> Path:
        """Beside node_modules, where its imports are looked for."""
        return NODE_MODULES / f"provider-{urlsplit(self.issuer).port}.mjs"

    def stop(self) -> None:
        """End it."""
        self._program.unlink(missing_ok=True)
        send(marked(str(self.folder)), signal.SIGTERM)
        wait_until(lambda: not marked(str(self.folder)), seconds=30)
        if self._child is not None:
            self._child.wait()
            self._child = None

    def _stated(self) -> dict[str, str]:
        return {
            "ISSUER": self.issuer,
            "SITES": json.dumps({CLIENT: self.site, **({STAFF_CLIENT: self.staff_site} if self.staff_site else {})}),
            "SECRET": self.secret_file.read_text(),
            "JWKS": json.dumps([self._key()]),
            "PEOPLE": json.dumps({who: each.claims() for who, each in {**self.people, **STAFF}.items()}),
        }

    def _key(self) -> dict[str, str]:
        """An ES256 key of its own, kept over restarts as a provider's is."""
        from joserfc.jwk import ECKey

        file = self.folder / "key.json"
        if not file.exists():
            file.touch(mode=0o600)
            made = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig", "kid": "test"}, private=True)
            file.write_text(json.dumps(made.as_dict(private=True)))
        key: dict[str, str] = json.loads(file.read_text())
        return key

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def identity_provider(folder: Path) -> Iterator[IdentityProvider]:
    """A provider for a portal and a listener of staff, each on a port of its own."""
    made = IdentityProvider(folder, *(f"http://127.0.0.1:{port}" for port in free_ports(2)))
    made.start()
    try:
        yield made
    finally:
        made.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="a private OpenID provider")
    parser.add_argument("what", choices=["start", "stop", "environment"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("site")
    parser.add_argument("staff_site", nargs="?", default="")
    given = parser.parse_args()
    provider = IdentityProvider(given.folder, given.site, given.staff_site)
    if given.what == "start":
        provider.start()
        print(f"the portal: {given.site}/ (log in as {', '.join(each.name for each in PEOPLE.values())})", flush=True)
    elif given.what == "stop":
        provider.stop()
    else:
        print(*(f"{name}={value}" for name, value in provider.environment().items()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
