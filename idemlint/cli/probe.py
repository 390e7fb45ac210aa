"""`idemlint probe`: its options, and the run from arguments to exit code."""

from __future__ import annotations

from typing import Any

import click

from idemlint.cli.group import CONTEXT, QuickCommand


@click.command(cls=QuickCommand, context_settings=CONTEXT, short_help="Find out which promises a server keeps.")
@click.argument("document", required=False, metavar="DOCUMENT")
@click.option("--url", metavar="URL", help="Base URL of a live or mock server.")
@click.option("--app", metavar="MODULE:ATTR", help="An ASGI or WSGI application in this process instead.")
@click.option("-p", "--profile", metavar="NAME_OR_FILE", help="The contract to hold it to. Default: ietf-07.")
@click.option("--suite", type=click.Choice(["core", "full"]), help="Default: core, 28 checks.")
@click.option("--select", multiple=True, metavar="CHECKS", help="Only these checks: RPL-01, CON, ... Comma separated.")
@click.option("--ignore", multiple=True, metavar="CHECKS", help="Not these checks.")
@click.option(
    "--only", multiple=True, metavar="GLOB", help="Only these operations: 'POST /payments', '* /payments/**'."
)
@click.option("--except", "excepted", multiple=True, metavar="GLOB", help="Not these operations.")
@click.option("--allow-writes", is_flag=True, help="Consent to writes at a target that is not on the loopback range.")
@click.option("--dry-run", is_flag=True, help="Print the plan and send nothing.")
@click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of every request.")
@click.option("--auth", multiple=True, metavar="NAME=env:VAR", help="A header whose value stands in a variable.")
@click.option(
    "--second-principal",
    multiple=True,
    metavar="'NAME: env:VAR'",
    help="Credentials of a second account, for the checks that keep tenants apart.",
)
@click.option(
    "--max-requests", type=click.IntRange(1), metavar="N", help="Budget. Default: 200 an operation; full 1500."
)
@click.option("--rate", metavar="N/s", help="At most so many requests a second.")
@click.option("--timeout", type=click.FloatRange(0.1), metavar="S", help="Of one exchange. Default: 10.")
@click.option("--max-wait", type=click.FloatRange(0), metavar="S", help="Of one wait. Default: 30.")
@click.option("--wait-for", type=click.FloatRange(0), metavar="S", help="Wait so long for the server to answer.")
@click.option("--seed", type=int, metavar="N", help="For generated payloads; printed. Default: a random one.")
@click.option("--burst", type=click.IntRange(2, 100), metavar="N", help="Requests of a storm. Default: 10.")
@click.option("--rounds", type=click.IntRange(1, 10_000), metavar="N", help="Keys raced for. Default: 20.")
@click.option("--calibrate", is_flag=True, help="Measure which windows would have been seen, on canary servers.")
@click.option("--hooks", metavar="FILE.py", help="Requests, set-up and counting of effects in code of your own.")
@click.option("--cleanup", is_flag=True, help="Delete what was made, through the document's DELETE.")
@click.option("--http2", is_flag=True, help="Speak HTTP/2; needs the extra http2.")
@click.option("--proxy", metavar="URL", help="Go through this proxy.")
@click.option("--cacert", type=click.Path(), metavar="FILE", help="Trust the certificates of this file (PEM).")
@click.option("--cert", type=click.Path(), metavar="FILE", help="Client certificate (PEM), key included.")
@click.option("--insecure", is_flag=True, help="Do not verify the server's certificate.")
@click.option(
    "-f",
    "--format",
    multiple=True,
    metavar="NAME[=PATH]",
    help="text, json, junit, markdown, html, github, sarif, har or ndjson. Repeatable. Default: text.",
)
@click.option(
    "--fail-on", metavar="SEVERITY", help="Exit with 1 from this severity on: error (default), warn, info, never."
)
@click.option("--strict", is_flag=True, help="Inconclusive checks fail as well.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 in spite of failures.")
@click.option("--replay", metavar="REPORT.json", help="Run again what this report tells of, with the same seed.")
@click.option("--check", "checks", multiple=True, metavar="ID", help="With --replay: just these checks.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("--color/--no-color", default=None, help="Colour or not, whatever the terminal says.")
@click.option("--allow-remote-refs", is_flag=True, help="Fetch http and https references of the document.")
@click.option("--config", metavar="FILE", help="This configuration instead of the one that is found.")
@click.option("--isolated", is_flag=True, help="No configuration.")
def probe(**options: Any) -> int:
    """Fire duplicate, conflicting, aborted and truly concurrent requests at a server, and tell what it keeps.

    \b
    idemlint probe openapi.yaml --url http://127.0.0.1:8000
    idemlint probe openapi.yaml --url https://staging.example.com --allow-writes

    \b
    Exit codes: 0 nothing at or above --fail-on, 1 failures,
    2 wrong usage or unreachable target, 130 interrupted.
    """
    from idemlint.cli.probing import execute

    return execute(options)
