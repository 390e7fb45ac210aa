"""Record what the real Spectral says of each scenario: `IDEMLINT_NODE_MODULES=... python tests/conformance/record.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conformance import harness


def main() -> None:
    modules = harness.node_modules()
    if modules is None:
        sys.exit("set IDEMLINT_NODE_MODULES to the folder node_modules that holds @stoplight/spectral-cli")
    with tempfile.TemporaryDirectory() as root:
        jobs = [harness.lay_out(scenario, Path(root)) for scenario in harness.SCENARIOS]
        harness.record(harness.run_spectral(jobs, modules))


if __name__ == "__main__":
    main()
