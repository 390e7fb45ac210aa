"""What a run of the probe is asked to do, with every default in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idemlint.openapi.operations import Operation
    from idemlint.probe.hooks import Hooks
    from idemlint.probe.principals import Principal

REQUESTS_AN_OPERATION: Final = {"core": 200, "full": 1_500}
"""Budget, where none is given: for each operation that will be probed."""
DEFAULT_PROFILE: Final = "ietf-07"


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one run."""

    url: str
    """Base URL of the target; its path is put in front of the document's."""
    suite: Literal["core", "full"] = "core"
    select: tuple[str, ...] = ()
    """Checks by identifier or prefix: `CON`, `RPL-01`; they are run whatever the suite says."""
    ignore: tuple[str, ...] = ()
    wanted: Callable[[Operation], bool] = lambda _operation: True
    """`--only` and `--except`."""
    principals: Mapping[str, Principal] = field(default_factory=dict)
    max_requests: int | None = None
    rate: float | None = None
    timeout: float = 10.0
    max_wait: float = 30.0
    seed: int = 0
    burst: int = 10
    rounds: int = 20
    hooks: Hooks | None = None
    operations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`POST /refunds` to what the configuration gives for its requests."""
    cleanup: bool = False
    calibrate: bool = False
    http2: bool = False
    keep_exchanges: bool = False
    """Every exchange goes into the report, whatever its check came to."""
