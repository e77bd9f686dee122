"""What the command line's exit codes mean: 0 done, 1 failed, 2 wrong usage or configuration."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console

from gateway.domain.errors import ConfigurationError, GatewayError, Refused

FAILED, WRONG_USE = 1, 2


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn what Eshnav raises on purpose into a message on stderr and an exit code."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        yield
    except ConfigurationError as error:
        errors.print(f"The configuration is wrong:\n{error}", markup=False, style="red")
        raise typer.Exit(WRONG_USE) from error
    except GatewayError as error:
        errors.print(str(error), markup=False, style="red")
        raise typer.Exit(WRONG_USE if isinstance(error, Refused) else FAILED) from error
