"""`python -m adapter.cli`: the same as the console script."""

from adapter.cli.app import main

if __name__ == "__main__":
    main()
