"""`python -m adapter.cli`: the same as `python -m adapter`, but for an interrupt while it is being loaded."""

from adapter.cli.app import main

if __name__ == "__main__":
    main()
