"""`python -m adapter.cli`: the same as the console script."""

from adapter.__main__ import main

if __name__ == "__main__":
    main()
