"""The cache of fetched CRLs and OCSP answers: files that survive a restart, each whole or absent.

Several processes read and write them; the newest answer wins, so that nobody can push an older one back in.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from adapter.gateways.whole_file import write_whole

_FORGOTTEN_S = 14 * 86400.0
_USED_S = 3600.0


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """A source of evidence. `certificate` and `issuer` (PEM) are for an OCSP question."""

    kind: str
    """crl | ocsp"""
    url: str
    store: str
    certificate: str = ""
    issuer: str = ""

    @property
    def name(self) -> str:
        """The file's name: the same for the same question."""
        asked = "\n".join((self.kind, self.url, self.store, self.certificate, self.issuer))
        return f"{hashlib.sha256(asked.encode()).hexdigest()[:40]}.{self.kind}"


@dataclass(frozen=True, slots=True)
class EvidenceCache:
    """A folder of answers, each with its question."""

    folder: Path

    def file(self, source: EvidenceSource) -> Path:
        """The file of its answer, if there is one."""
        return self.folder / source.name

    def put(self, source: EvidenceSource, data: bytes) -> None:
        """Keep an answer, and remember what was asked."""
        self.remember(source)
        self._write(self.file(source), data)

    def remember(self, source: EvidenceSource) -> None:
        """Keep what was asked, so that the clock asks again before the answer runs out."""
        note = self._note(source)
        with contextlib.suppress(FileNotFoundError):
            if not 0 <= time.time() - note.stat().st_mtime <= _USED_S:
                os.utime(note)
            return
        self._write(note, json.dumps(asdict(source)).encode())

    def sources(self) -> Iterator[EvidenceSource]:
        """Recent questions. A question that was not used for two weeks is removed."""
        for note in sorted(self.folder.glob("*.json")):
            try:
                source = EvidenceSource(**json.loads(note.read_bytes()))
                since = time.time() - note.stat().st_mtime
                if since < 0:
                    os.utime(note)  # of a clock that ran ahead: two weeks begin now
                if since <= _FORGOTTEN_S:
                    yield source
                    continue
                self.file(source).unlink(missing_ok=True)
            except (OSError, TypeError, ValueError):
                pass  # not ours, or incomplete: removed below
            with contextlib.suppress(OSError):
                note.unlink(missing_ok=True)

    def _note(self, source: EvidenceSource) -> Path:
        return self.folder / f"{source.name}.json"

    def _write(self, file: Path, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(file, data)
