"""Start-up only. Every import below is placed with a stopwatch: a small check takes some 20 ms more than bare Python.

The modules on its way say `TYPE_CHECKING = False` themselves, which type checkers take for what `typing` means by it: to
import that costs 3.5 ms.

The garbage collector stays off while the program starts and ends: what is made on the way lives until the end, and
walking it costs more than it frees. For the same reason the process ends by `os._exit` once everything is flushed.
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line as the program itself. Never returns: the process ends with the exit code."""
    gc.disable()
    code = _run(sys.argv[1:])
    code = _flush(code)
    os._exit(code)


def _run(arguments: list[str]) -> int:
    try:
        from idemlint.cli.quick import run

        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the last line of defence: a crash must not look like findings
        return _report_bug(error)
    except SystemExit as leaving:  # what a library below may raise; 1 is kept for findings
        return leaving.code if leaving.code in (0, 130) and isinstance(leaving.code, int) else 2


def _report_bug(error: BaseException) -> int:
    """Say that this is not the user's doing, in three lines; the traceback is for those who ask for it."""
    if sys.stderr is not None:
        if os.environ.get("IDEMLINT_DEBUG"):
            import traceback

            sys.stderr.write("".join(traceback.format_exception(error)))
        place = _innermost_place(error)
        what = ascii(str(error))[1:-1][:500]
        sys.stderr.write(
            f"idemlint: this is a bug in idemlint, not in your document: {type(error).__name__}: {what}{place}\n"
            "  hint: set IDEMLINT_DEBUG=1 to see the traceback, and please report it with the document if you can\n"
        )
    return 2


def _innermost_place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"


def _flush(code: int) -> int:
    """Write out what is buffered. Results that could not be written are trouble, a reader that went away is not."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except BrokenPipeError:
            continue
        except (OSError, ValueError) as error:
            if stream is sys.stdout:
                code = 2
                if sys.stderr is not None:
                    sys.stderr.write(f"idemlint: cannot write to standard output: {error}\n")
    return code


if __name__ == "__main__":
    main()
