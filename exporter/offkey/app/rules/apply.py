"""`offkey rules apply`: write, reload, verify, and bring everything back when that fails."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from offkey.app import options
from offkey.app.ruleoutput import target_option

if TYPE_CHECKING:
    from offkey.adapters.http import Endpoint
    from offkey.app.rulebook import Book


@click.command()
@options.config_file
@options.prometheus_url
@options.rule_folder
@target_option
@click.option("--dry-run", is_flag=True, help="Show the changes as a diff and do nothing.")
def command(
    config_file: Path | None, prometheus_url: str, folder: Path, target_name: str | None, dry_run: bool
) -> None:
    """Write the rules, make the server load them, and see that every rule of them is healthy.

    When the server refuses them, or a rule fails, the earlier files are brought back and loaded again. For mimir the
    groups are sent to the ruler's own namespace instead; groups there that are no more are deleted.

    Example: offkey rules apply --config.file offkey.yml -o /etc/prometheus/rules
    """
    from offkey.adapters.exports import ruleserver  # noqa: PLC0415 (--help stays fast)
    from offkey.app.rulebook import Book  # noqa: PLC0415 (as above)
    from offkey.app.ruleoutput import chosen, refuse_manifests  # noqa: PLC0415 (as above)
    from offkey.app.wording import counted  # noqa: PLC0415 (as above)

    refuse_manifests(chosen(config_file, target_name)[1])
    book = Book.learned(config_file, prometheus_url, folder, "refuse", target_name)
    if dry_run:
        options.echo_changes(book.changes.diff(), folder)
        return
    endpoint = _endpoint(book, config_file, prometheus_url)
    groups = book.changes.groups()
    if book.target.form == "ruler":
        book.write()
        ruler = ruleserver.Ruler(endpoint, book.output.namespace or "offkey")
        for line in ruleserver.send(ruler, groups) or ["nothing to send"]:
            click.echo(line, err=True)
        return
    server = ruleserver.RuleServer(endpoint)
    book.told(checked=ruleserver.apply(book.changes, server, ruleserver.rule_names(groups.values())))
    click.echo(f"{endpoint.url}: {counted(len(groups), 'group')} loaded and healthy", err=True)


def _endpoint(book: "Book", config_file: Path | None, prometheus_url: str) -> "Endpoint":
    """Return the server that reads the rules.

    Raises:
        ConfigError: none is named.
    """
    from offkey.app.loading import loader  # noqa: PLC0415 (--help stays fast)
    from offkey.core.errors import ConfigError  # noqa: PLC0415 (as above)

    path = options.found(config_file)
    if book.output.server is not None and not prometheus_url:
        return book.output.server.endpoint(path.parent if path else Path())
    source = loader(config_file, prometheus_url)().sources.get("default")
    if source is None or source.kind != "prometheus":
        msg = "no server to reload: name it in rules.server, or as the source default"
        raise ConfigError(msg)
    endpoint: Endpoint = source.options["endpoint"]
    return endpoint
