"""Lets `python -m gateway.cli` be the command line, which is how `eshnav up` starts its own processes."""

from gateway.cli.main import main

if __name__ == "__main__":
    main()
