"""CRLs that lie in files: read when a file changes, checked once for each authority."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from adapter.pipeline.trust.crl import check_crl, read_crl
from adapter.pipeline.trust.revocation import Unusable

Stamp = tuple[int, int, int]


@dataclass
class _Read:
    stamp: Stamp | None
    crl: x509.CertificateRevocationList | None = None
    faults: dict[x509.Certificate, str] = field(default_factory=dict)
    """What is wrong with it as a list of this authority; empty: nothing."""


@dataclass
class CrlFiles:
    """The lists that one process has read."""

    _read: dict[Path, _Read] = field(default_factory=dict)

    def of(self, file: Path, authority: x509.Certificate) -> x509.CertificateRevocationList | None:
        """A file's CRL if it is this authority's; None if it is another's.

        Raises:
            Unusable: it is none, or the authority has not signed it so.
            OSError: it cannot be read.
        """
        there = stamp(file)
        if file not in self._read or self._read[file].stamp != there:
            self._read[file] = _Read(there)  # what cannot be read is not read again until it changes
            self._read[file].crl = read_crl(file.read_bytes())
        read = self._read[file]
        if read.crl is None or read.crl.issuer != authority.subject:
            return None
        if authority not in read.faults:
            try:
                check_crl(read.crl, authority)
                read.faults[authority] = ""
            except Unusable as error:
                read.faults[authority] = str(error)
        if read.faults[authority]:
            raise Unusable(read.faults[authority])
        return read.crl


def stamp(file: Path) -> Stamp | None:
    """What changes when a file does; None where there is none."""
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_ino, told.st_size
