"""`python -m docs.generate [--check]`: exit code 1 if --check finds a page that is not up to date."""

from __future__ import annotations

import sys

from docs.generate import FOLDER, outdated


def main(arguments: list[str]) -> int:
    """Write or compare; what differs is named on stdout."""
    check = arguments == ["--check"]
    if arguments and not check:
        sys.stderr.write("usage: python -m docs.generate [--check]\n")
        return 2
    found = list(outdated())
    for file, text in found:
        if not check:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'not up to date' if check else 'written'}: docs/{file.relative_to(FOLDER)}\n")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
