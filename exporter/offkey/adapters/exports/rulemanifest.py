"""Rules as a PrometheusRule, which the Prometheus operator loads.

Source: prometheus-operator 0.82, CRD of PrometheusRule; Kubernetes, names of objects (RFC 1123 subdomains).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from offkey.adapters.exports import ruleyaml
from offkey.core.rules import RuleFile

FOLDER = "kubernetes"
SUFFIX = ".prometheusrule.yaml"
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9.-]+|(?<=[.-])[.-]+")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where the operator finds the objects: their namespace, empty for the applying user's, and their labels."""

    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


def manifest_text(file: RuleFile, spec: str, manifest: Manifest, *, adopted: bool = False) -> str:
    """Return the object that holds a rule file.

    Args:
        file: what it says.
        spec: fingerprint of the signal it comes from.
        manifest: where the operator finds it.
        adopted: whether its constants stay although learning finds others.

    Raises:
        RuleError: a text cannot be written as UTF-8.
    """
    labels = {"app.kubernetes.io/name": "offkey", "app.kubernetes.io/managed-by": "offkey", **manifest.labels}
    metadata: dict[str, object] = {"name": object_name(file.stem)}
    metadata |= {"namespace": manifest.namespace} if manifest.namespace else {}
    head = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    written = yaml.safe_dump({**head, "metadata": {**metadata, "labels": labels}}, sort_keys=False)
    body = "".join(f"  {line}" if line.strip() else line for line in ruleyaml.groups_text(file).splitlines(True))
    return ruleyaml.sealed(file, spec, f"{written}spec:\n{body}", adopted=adopted)


def object_name(stem: str) -> str:
    """Return the name of the object of a rule file; other stems have other names."""
    name = _NOT_IN_A_NAME.sub("-", stem).strip("-.")
    if name != stem:
        name = f"{name}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
    return f"offkey-{name}"
