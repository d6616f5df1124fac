"""`offkey completion`: scripts for the shell."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a completion script for a shell.

    Example: source <(offkey completion bash)
    """
    kind = get_completion_class(shell)
    if kind is None:
        context.fail(f"this version of click has no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "offkey", "_OFFKEY_COMPLETE").source())
