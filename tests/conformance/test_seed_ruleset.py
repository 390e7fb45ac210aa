"""The ruleset that many teams copy, over every real document: idemlint says just what Spectral says."""

from __future__ import annotations

import os
from pathlib import Path

import corpus
import oracle
from conformance import harness

RULESET = """
rules:
  idempotency-header-required:
    description: POST/PATCH must require Idempotency-Key header
    given: $.paths[*][post,patch]
    severity: error
    then:
      field: parameters
      function: schema
      functionOptions:
        schema:
          type: array
          contains:
            properties:
              name: { const: Idempotency-Key }
"""


@corpus.needs_corpus
def test_the_seed_ruleset_over_every_document(tmp_path: Path) -> None:
    modules = Path(oracle.need_spectral()).resolve()
    ruleset = tmp_path / "seed.yaml"
    ruleset.write_text(RULESET, encoding="utf-8")
    names = [os.path.relpath(entry.path, corpus.FOLDER) for entry in corpus.entries()]
    jobs = [harness.Job(name, corpus.FOLDER, str(ruleset), [name]) for name in names]
    spectral = harness.run_spectral(jobs, modules)
    ours = harness.run_idemlint(harness.Job("all", corpus.FOLDER, str(ruleset), names))
    rule = "idempotency-header-required"
    said = {row for answer in spectral.values() for row in answer.rows if row[1] == rule}
    assert {row for row in ours.rows if row[1] == rule} == said
    assert len(said) > 500
