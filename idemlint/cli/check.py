"""`idemlint check`: its options. `quick.py` knows them, too: what is added here is added there."""

from __future__ import annotations

from typing import Any

import click

from idemlint.cli.group import CONTEXT, QuickCommand


@click.command(cls=QuickCommand, context_settings=CONTEXT, short_help="Lint OpenAPI documents.")
@click.argument("documents", nargs=-1, metavar="[DOCUMENTS]...")
@click.option(
    "-r",
    "--ruleset",
    multiple=True,
    metavar="FILE_OR_NAME",
    help="A Spectral ruleset (YAML or JSON), or idemlint:recommended, :all, :ietf or :seed. Repeatable. "
    "Default: the configuration's, else .spectral.yaml, else idemlint:recommended.",
)
@click.option(
    "-p",
    "--profile",
    metavar="NAME_OR_FILE",
    help="The contract to hold the documents to; `idemlint profiles` lists them.",
)
@click.option(
    "-f",
    "--format",
    multiple=True,
    metavar="NAME[=PATH]",
    help="text, concise, json, sarif, junit, github, markdown or gitlab, to standard output or to a file. "
    "Repeatable. Default: text on a terminal, concise elsewhere.",
)
@click.option(
    "--fail-on", metavar="SEVERITY", help="Exit with 1 from this severity on: error (default), warn, info, hint, never."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 in spite of findings.")
@click.option("--select", multiple=True, metavar="RULES", help="Only these rules, by name or prefix, comma separated.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Not these rules, by name or prefix, comma separated.")
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Only these operations: 'POST /payments', '* /payments/**', 'tag:Payments'. "
    "Findings that belong to no operation stay.",
)
@click.option("--except", "excepted", multiple=True, metavar="GLOB", help="Not these operations.")
@click.option("--baseline", metavar="FILE", help="Report just what this file does not know yet.")
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write all findings to the baseline (default .idemlint-baseline.json) and exit with 0.",
)
@click.option("--stdin-filepath", metavar="PATH", help="Where the document from standard input (-) is said to stand.")
@click.option("--allow-remote-refs", is_flag=True, help="Fetch http and https references.")
@click.option("--allow-code", is_flag=True, help="Run the Python functions that a ruleset brings along.")
@click.option(
    "--root",
    metavar="DIR",
    help="The folder that no reference may leave. Default: the repository, else the document's folder.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that lint at the same time. Default: 1.",
)
@click.option("--max-bytes", type=click.IntRange(1), metavar="N", help="Refuse documents that are larger.")
@click.option("--statistics", is_flag=True, help="Count the findings by rule.")
@click.option("-q", "--quiet", is_flag=True, help="Results only, no summary.")
@click.option("-v", "--verbose", is_flag=True, help="Say which configuration, ruleset and documents are used.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
@click.option("--color/--no-color", default=None, help="Colour or not, whatever the terminal says.")
@click.option("--config", metavar="FILE", help="This configuration instead of the one that is found.")
@click.option("--isolated", is_flag=True, help="No configuration.")
def check(**options: Any) -> int:
    """Lint OpenAPI documents: files, folders, globs, or - for standard input.

    \b
    Exit codes: 0 nothing at or above --fail-on, 1 findings,
    2 wrong usage or unreadable input, 130 interrupted.
    """
    from idemlint.cli.run import run

    if options["watch"]:
        from idemlint.cli.watch import watch

        return watch(run, options)
    return run(options).code
