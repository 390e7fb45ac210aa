"""`idemlint mock`: its options, and the server from arguments to exit code."""

from __future__ import annotations

import math
import signal
from typing import TYPE_CHECKING, Any

import click

from idemlint.cli.group import CONTEXT, QuickCommand
from idemlint.cli.output import say, write_stdout
from idemlint.errors import ExitCode, UsageError
from idemlint.reporters.escaping import terminal

if TYPE_CHECKING:
    from idemlint.mock.assembly import Options
    from idemlint.mock.server import Tls


class _Finite(click.FloatRange):
    """A number within bounds. NaN is in every range, and infinity in most."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number of this world.", param, ctx)
        return number


@click.command(
    cls=QuickCommand, context_settings=CONTEXT, short_help="Serve a document with real idempotency key handling."
)
@click.argument("document", required=False, metavar="DOCUMENT")
@click.option("--host", default="127.0.0.1", metavar="HOST", help="Address to listen on. Default: 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=4010, metavar="PORT", help="Default: 4010. 0 picks a free one."
)
@click.option("-p", "--profile", metavar="NAME_OR_FILE", help="The contract to keep. Default: ietf-07, the IETF draft.")
@click.option(
    "--store",
    default="memory",
    metavar="URL",
    help="Where keys and resources are kept: memory (default), sqlite:PATH, redis://..., dynamodb://..., postgresql://...",
)
@click.option("--ttl", type=_Finite(0, min_open=True), metavar="S", help="Seconds after which a key expires.")
@click.option(
    "--lease",
    type=_Finite(0.05),
    metavar="S",
    help="Seconds after which a run that crashed frees its key. Default: 30.",
)
@click.option("--delay", type=_Finite(0), default=0.0, metavar="MS", help="Milliseconds that the work takes.")
@click.option("--fault", "faults", multiple=True, metavar="NAME[=ARG]", help="Break the contract so. Repeatable.")
@click.option("--list-faults", is_flag=True, help="List the faults with the public bugs that they come from, and exit.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, metavar="N", help="Processes that share the store. Default: 1."
)
@click.option("--seed", type=int, default=0, metavar="N", help="For generated answers. Default: 0.")
@click.option("--enforce-security", is_flag=True, help="401 where the document requires a credential and none is sent.")
@click.option("--no-admin", is_flag=True, help="Without /_idemlint/effects, /_idemlint/reset and /_idemlint/clock.")
@click.option(
    "--max-body", type=click.IntRange(1), metavar="BYTES", help="Refuse larger request bodies. Default: 16777216."
)
@click.option("--certfile", type=click.Path(), metavar="FILE", help="Serve HTTPS with this certificate (PEM).")
@click.option("--keyfile", type=click.Path(), metavar="FILE", help="The certificate's key, if it stands elsewhere.")
@click.option("--http2", is_flag=True, help="Serve HTTP/2 as well; needs --certfile and the extra http2.")
@click.option(
    "--access-log", type=click.Choice(["json", "text"]), help="A line on standard error for each request, keys hashed."
)
@click.option("--otel", is_flag=True, help="Send OpenTelemetry traces and metrics; OTEL_* variables say where to.")
def mock(**given: Any) -> int:
    """Serve DOCUMENT (or - for standard input) with real idempotency key handling, until Ctrl-C.

    \b
    idemlint mock openapi.yaml --profile stripe-v1
    idemlint mock openapi.yaml --store redis://localhost:6379 --workers 4
    idemlint mock openapi.yaml --fault toctou --delay 50
    """
    if given["list_faults"]:
        return _list_faults()
    if given["document"] is None:
        raise UsageError("no document to serve", hint="idemlint mock openapi.yaml")
    from idemlint.mock.server import address, listen

    options = _options(given)
    tls = _tls(given)
    listener = listen(given["host"], given["port"])
    place = address(listener, tls=tls is not None)
    number = _serve(options, given, listener, tls, lambda: write_stdout(f"listening on {place}\n", people=True))
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.OK


def _serve(options: Options, given: dict[str, Any], listener: Any, tls: Tls | None, ready: Any) -> int:
    from idemlint.mock.assembly import build
    from idemlint.mock.server import serve
    from idemlint.mock.stores.protocol import StoreDownError

    app = build(options)  # with workers as well: what is wrong is said at once, and by this process
    for note in app.notes:
        say(f"warning: {terminal(note)}", bold=("warning", "33"))
    try:
        if given["workers"] == 1:
            return serve(app, listener, ready=ready, tls=tls, http2=given["http2"])
        from idemlint.mock.workers import serve_with_workers

        return serve_with_workers(
            options, listener, given["workers"], ready=ready, say=say, tls=tls, http2=given["http2"]
        )
    except StoreDownError as error:
        raise UsageError(f"the store cannot be used: {error}", hint="--store memory needs nothing") from None
    finally:
        listener.close()


def _options(given: dict[str, Any]) -> Options:
    from idemlint.mock.assembly import Options
    from idemlint.mock.limits import Limits

    source, text = given["document"], None
    if source == "-":
        from idemlint.cli.documents import read_stdin
        from idemlint.openapi.limits import DEFAULT_LIMITS

        source, text = "<stdin>", read_stdin(DEFAULT_LIMITS.max_bytes)
    return Options(
        source=source,
        text=text,
        profile=given["profile"],
        store=given["store"],
        ttl=given["ttl"],
        lease=given["lease"],
        delay=given["delay"] / 1000,
        faults=given["faults"],
        seed=given["seed"],
        admin=not given["no_admin"],
        enforce_security=given["enforce_security"],
        access_log=given["access_log"],
        otel=given["otel"] or _wants_telemetry(),
        limits=Limits(body_bytes=given["max_body"]) if given["max_body"] else Limits(),
    )


def _wants_telemetry() -> bool:
    """Whether the environment says where telemetry goes. Who has it there for other programs need not have the extra."""
    import os

    if not any(name.startswith("OTEL_EXPORTER_") for name in os.environ):
        return False
    from importlib.util import find_spec

    if find_spec("opentelemetry") is not None:
        return True
    say("OTEL_* variables are set, but OpenTelemetry is not installed: pip install 'idemlint[otel]'")
    return False


def _tls(given: dict[str, Any]) -> Tls | None:
    from idemlint.mock.server import Tls

    if given["certfile"] is None:
        for name in ("keyfile", "http2"):
            if given[name]:
                raise UsageError(f"--{name} without --certfile", hint="--certfile cert.pem --keyfile key.pem")
        return None
    return Tls(given["certfile"], given["keyfile"])


def _list_faults() -> int:
    """Each with what it does, where it comes from, and which of the probe's checks has to notice it."""
    from idemlint.mock.faults import FAULTS

    for fault in FAULTS.values():
        name = f"{fault.name}={fault.argument.unit.upper()}" if fault.argument else fault.name
        lines = [name, f"  {fault.summary}"]
        if fault.argument:
            lines.append(f"  argument: {fault.argument}")
        if fault.sources:
            lines.append(f"  seen in: {', '.join(fault.sources)}")
        checks = ", ".join(map(_with_options, fault.caught_by))
        lines.append(f"  no fault of keys; must not mislead: {checks}" if fault.guard else f"  caught by: {checks}")
        write_stdout("\n".join(lines) + "\n\n", people=True)
    return ExitCode.OK


def _with_options(check_id: str) -> str:
    """The check with what `idemlint probe` has to be told before it runs."""
    from idemlint.probe.check import all_checks
    from idemlint.probe.needs import SECOND_PRINCIPAL

    check = next(each for each in all_checks() if each.id == check_id)
    options = [] if check.core else ["--suite full"]
    options += ["--second-principal"] if SECOND_PRINCIPAL in check.needs else []
    return f"{check_id} ({' '.join(options)})" if options else check_id
