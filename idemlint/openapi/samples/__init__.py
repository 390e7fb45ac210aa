"""Sample values for the schemas, bodies and responses of a document.

- `sampler`: the way in; examples of the document first, what is made up is held to the schema.
- `shapes`, `grammar`, `containers`, `scalars`: from schemas to makers of values.
- `wording`: texts for formats and names; `ecma_regex.sampler` has those for patterns.
- `variation`, `repair`: copies that differ, that are wrong, or that are right at last.
- `media`: bodies of operations.
"""

from __future__ import annotations

from idemlint.openapi.samples.media import BodySample, body_sample, media_example, response_sample
from idemlint.openapi.samples.sampler import Sample, Sampler
from idemlint.openapi.samples.scalars import SampleError
from idemlint.openapi.schema_annotations import MISSING

__all__ = [
    "MISSING",
    "BodySample",
    "Sample",
    "SampleError",
    "Sampler",
    "body_sample",
    "media_example",
    "response_sample",
]
