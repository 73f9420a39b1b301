"""A private hardware module in software: SoftHSM2, its tokens in one folder. It must never touch the system's."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from adapter.gateways.keys.pkcs11 import Token
from tests.servers.process import ServerFailed

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "2468"
_SO_PIN = "13579"
_VARIABLE = "SOFTHSM2_CONF"


@dataclass(frozen=True)
class SoftHsm:
    """Tokens below `folder`. The module reads its configuration by an environment variable."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs that loads the module."""
        return {_VARIABLE: str(self.folder / "softhsm2.conf")}

    @property
    def pin_file(self) -> Path:
        """The user's PIN, alone in its file."""
        return self.folder / "pin"

    def token(self, label: str) -> Token:
        """The token of that label, as the adapter opens it."""
        return Token(MODULE, label, self.pin_file)

    def put(self, label: str, keys: dict[str, Path]) -> None:
        """Make a token with these keys, by label, from PKCS #8 files."""
        self._run("--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", _SO_PIN)
        for number, (name, file) in enumerate(keys.items(), start=1):
            self._run("--import", str(file), "--token", label, "--label", name, "--id", f"{number:02x}", "--pin", PIN)

    def away(self) -> None:
        """The module loses its tokens, as when a line is cut."""
        (self.folder / "tokens").rename(self.folder / "tokens.away")

    def back(self) -> None:
        """They are there again."""
        (self.folder / "tokens.away").rename(self.folder / "tokens")

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            ["softhsm2-util", "--module", str(MODULE), *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ServerFailed(f"softhsm2-util {arguments[0]}: {done.stdout}{done.stderr}")


def furnish(folder: Path) -> SoftHsm:
    """An empty module in `folder`."""
    (folder / "tokens").mkdir(parents=True)
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    hsm = SoftHsm(folder)
    hsm.pin_file.write_text(PIN)
    hsm.pin_file.chmod(0o600)
    return hsm
