"""Check Kubernetes manifests strictly, for several versions of Kubernetes, and against the Prometheus operator's types.

Usage: python tools/manifests.py FILE...     exit 1: says what is wrong and where
It runs in an environment of its own (make test-chart), because the schemas of all versions take 400 MB.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from cloudcoil.models.prometheus_operator import v1, v1alpha1
from pydantic import ValidationError

VERSIONS = ("1.25", "1.30", "1.37")
OPERATOR = {"monitoring.coreos.com/v1": v1, "monitoring.coreos.com/v1alpha1": v1alpha1}
UNKNOWN = frozenset({"gateway.networking.k8s.io/v1"})  # no schema of it is packaged


def main(paths: list[str]) -> int:
    """Check every object of every file; return the exit code."""
    wrong = [
        f"{path}: {each['kind']} {each['metadata']['name']}: {problem}"
        for path in paths
        for each in yaml.safe_load_all(Path(path).read_text("utf-8"))
        if each
        for problem in problems(each)
    ]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return int(bool(wrong))


def problems(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with one object."""
    if manifest["apiVersion"] in OPERATOR:
        yield from operator_problems(manifest)
    elif manifest["apiVersion"] not in UNKNOWN:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"Kubernetes {version}: {'.'.join(map(str, error.path))}: {error.message}"


def operator_problems(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what the operator's types refuse, and keys that they do not know: those would be dropped in silence."""
    try:
        known = getattr(OPERATOR[manifest["apiVersion"]], manifest["kind"]).model_validate(manifest)
    except ValidationError as error:
        yield from (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return
    kept = known.model_dump(mode="json", by_alias=True, exclude_unset=True)
    yield from lost(manifest["spec"], kept["spec"], "spec")


def lost(before: object, after: object, path: str) -> Iterator[str]:
    """Yield the keys of a tree that are missing in another."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from lost(value, after[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}: not known"
    elif isinstance(before, list) and isinstance(after, list):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from lost(one, other, f"{path}[{place}]")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
