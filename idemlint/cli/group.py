"""The command line's root: one name a command, each imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

from idemlint.errors import ExitCode, IdemlintError, UsageError

COMMANDS: Final = {
    "check": ("idemlint.cli.check", "check"),
    "checks": ("idemlint.cli.rules", "checks"),
    "demo": ("idemlint.cli.demo", "demo"),
    "explain": ("idemlint.cli.rules", "explain"),
    "mock": ("idemlint.cli.mock", "mock"),
    "probe": ("idemlint.cli.probe", "probe"),
    "profiles": ("idemlint.cli.rules", "profiles"),
    "rules": ("idemlint.cli.rules", "rules"),
}
"""Command to the module and the attribute that hold it."""

DOCUMENTS: Final = (".yaml", ".yml", ".json")

CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class QuickCommand(click.Command):
    """A command whose help option costs nothing to make: Click's own looks for translations on the disk each time."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        if self._help_option is None:
            self._help_option = click.Option(
                ["-h", "--help"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_help,
                help="Show this message and exit.",
            )
        return self._help_option


class LazyGroup(QuickCommand, click.Group):
    """A group that imports a command's module when the command is called or its help is listed, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, attribute = entry
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.{attribute} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As Click does, with a suggestion for a mistyped command and for a document where a command belongs."""
        name = args[0] if args else ""
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from idemlint.cli.suggestions import closest

        guess = closest(name, COMMANDS)
        if guess:
            mend = f"Did you mean {guess!r}?"
        elif name.endswith(DOCUMENTS):
            mend = f"To lint a document: idemlint check {name}"
        else:
            mend = f"Commands: {', '.join(COMMANDS)}"
        ctx.fail(f"No such command {name!r}. {mend}")
        return None


def _show_help(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from idemlint import __version__

    click.echo(f"idemlint {__version__}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and exit.",
)
def idemlint() -> None:
    """Makes retries safe to promise: lints OpenAPI documents for idempotency keys, serves them, and probes servers.

    \b
    idemlint check openapi.yaml      lint a document
    idemlint mock openapi.yaml       serve it with real idempotency key handling
    idemlint probe openapi.yaml --url http://127.0.0.1:4010
    idemlint explain RULE_OR_CHECK   what it wants, and why
    idemlint demo                    watch a race being found, in ten seconds
    """


def _in_our_words(error: click.ClickException) -> UsageError:
    """Click's error as every other of ours is printed; what it suggests stays, and where to read on is the mend."""
    context = getattr(error, "ctx", None)
    command = context.command_path if isinstance(context, click.Context) else "idemlint"
    message = error.format_message().replace(". (", " (")
    return UsageError(f"{message[:1].lower()}{message[1:].rstrip('.')}", hint=f"`{command} --help` lists what there is")


def run(arguments: list[str]) -> int:
    """Run the command line and give the exit code; errors that a user can cause are printed to stderr as 2."""
    try:
        code = idemlint.main(arguments, prog_name="idemlint", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.TROUBLE
    except click.ClickException as error:
        from idemlint.cli.output import print_error

        print_error(_in_our_words(error))
        return ExitCode.TROUBLE
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except IdemlintError as error:
        from idemlint.cli.output import print_error

        print_error(error)
        return ExitCode.TROUBLE
    return code if isinstance(code, int) else ExitCode.OK
