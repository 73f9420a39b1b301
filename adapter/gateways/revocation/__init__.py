"""Evidence of revocation: CRL files, fetched CRLs and OCSP answers, and their cache."""
