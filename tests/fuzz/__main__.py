"""`python -m tests.fuzz`: atheris feeds hostile bytes to judge for FUZZ_SECONDS (60); exit code 1 if one is found.

The seeds are the fixtures, signed at run time. What is found is kept in `var/fuzz/found`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests.fuzz import CORPUS, FOUND, LONGEST, SEEDS, WORDS
from tests.harness.fixtures import load_cases, signed
from tests.harness.hostile import load_attacks
from tests.harness.pki import ROOT, shared_pki

_WORDS = (
    *(
        "<Envelope>",
        "<Content",
        "<Signature",
        "SystemSignature",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?x?>",
        "<!DOCTYPE x>",
    ),
    *(' Id=\\"content\\"', ' URI=\\"\\"', ' xmlns=\\"\\"', "ds:Reference", "ds:Object", "ds:Transform", "PrefixList"),
    *("&lt;", "&amp;", "&#0;", "&x;", "\\xef\\xbb\\xbf", "\\x00", "\\xff\\xfe", "\\xd9\\xa1"),
)


def main() -> int:
    """Write the seeds, run the target in a process of its own, tell its result."""
    for folder in (SEEDS, FOUND, CORPUS):
        folder.mkdir(parents=True, exist_ok=True)
    for case in (*load_cases(), *load_attacks()):
        message = signed(case, shared_pki())
        if len(message) <= LONGEST:
            (SEEDS / case.id.replace("/", ".")).write_bytes(message)
    WORDS.write_text("".join(f'"{word}"\n' for word in _WORDS))
    options = [f"-max_total_time={os.environ.get('FUZZ_SECONDS', '60')}", f"-max_len={LONGEST}", "-len_control=0"]
    options += [f"-dict={WORDS}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]
    options += [f"-artifact_prefix={FOUND}/", f"-seed={int(time.time()) & 0xFFFFFF}"]
    command = [sys.executable, "-m", "tests.fuzz.target", *options, str(CORPUS), str(SEEDS)]
    return 1 if subprocess.run(command, cwd=ROOT, check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
