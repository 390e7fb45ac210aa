"""The drafts' meta-schemas, from the data of the package `jsonschema_specifications`, read without importing it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_FILES = {
    "http://json-schema.org/draft-04/schema": "draft4/metaschema.json",
    "http://json-schema.org/draft-06/schema": "draft6/metaschema.json",
    "http://json-schema.org/draft-07/schema": "draft7/metaschema.json",
    "http://json-schema.org/schema": "draft7/metaschema.json",
    "https://json-schema.org/draft/2019-09/schema": "draft201909/metaschema.json",
    "https://json-schema.org/draft/2020-12/schema": "draft202012/metaschema.json",
}
_VOCABULARIES = {
    "https://json-schema.org/draft/2019-09/meta/": "draft201909/vocabularies/",
    "https://json-schema.org/draft/2020-12/meta/": "draft202012/vocabularies/",
}


@lru_cache
def meta_schema(uri: str) -> Any:
    """The meta-schema or vocabulary with this URI; None when there is none."""
    file = _FILES.get(uri)
    if file is None:
        for prefix, folder in _VOCABULARIES.items():
            if uri.startswith(prefix) and uri.removeprefix(prefix).replace("-", "").isalpha():
                file = folder + uri.removeprefix(prefix)
    if file is None:
        return None
    import json
    import os
    from importlib.util import find_spec

    spec = find_spec("jsonschema_specifications")
    for folder in (spec.submodule_search_locations if spec is not None else None) or ():
        path = os.path.join(folder, "schemas", *file.split("/"))
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as stream:
                return json.load(stream)
    return None
