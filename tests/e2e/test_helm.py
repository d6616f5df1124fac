"""The chart, rendered by the real helm."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import offkey

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "offkey"
CASES = sorted((CHART / "ci").glob("*-values.yaml"))
MINIMAL = CHART / "ci" / "minimal-values.yaml"
OFFKEY = Path(sys.executable).with_name("offkey")

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def helm(program, tmp_path_factory):
    """Return a function that runs helm, at home in a folder of its own."""
    home = str(tmp_path_factory.mktemp("helm"))

    def run(*arguments, check=True):
        command = [program("helm"), *map(str, arguments)]
        environment = {"HOME": home, "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, check=check, capture_output=True, text=True, env=environment)

    return run


@pytest.fixture(scope="module")
def render(helm):
    """Return a function that renders the chart to its objects, by kind and name."""

    @functools.cache
    def objects(*arguments, case=MINIMAL):
        text = helm("template", "demo", CHART, "--namespace", "apps", "-f", case, *arguments).stdout
        return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text) if each}

    return objects


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_lint_finds_nothing(helm, case):
    """Not even a warning, for every set of values in ci/."""
    helm("lint", "--strict", CHART, "-f", case)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_golden_render(render, golden, case):
    """What is installed changes only on purpose, whatever helm writes it; dashboards are compared elsewhere."""
    objects = render(case=case)
    shown = [
        objects[key] for key in sorted(objects) if "grafana_dashboard" not in objects[key]["metadata"].get("labels", {})
    ]
    golden(f"helm/{case.stem.removesuffix('-values')}.yaml", yaml.safe_dump_all(shown, width=10_000))


@pytest.mark.parametrize("version", ["1.25.0", "1.30.0", "1.37.0"])
def test_every_supported_kubernetes_gets_the_same(render, version):
    """The chart uses nothing that came or went between them."""
    assert render("--kube-version", version) == render()


def test_an_older_kubernetes_is_refused(helm):
    """The message names the needed version."""
    result = helm("template", "demo", CHART, "--kube-version", "1.24.0", check=False)
    assert result.returncode == 1
    assert ">=1.25" in result.stderr


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("replicas=6", "/replicas"),
        ("shards=0", "/shards"),
        ("dashboards.presets={nodes}", "/dashboards/presets/0"),
        ("webConfig.tsl=true", "/webConfig"),
        ("ingress.hosts=here", "/ingress/hosts"),
        ("alertmanagerConfig.receivers[0].nmae=me", "/alertmanagerConfig/receivers/0"),
        ("replicas=-1", "/replicas"),
        ("service.port=80", "/service/port"),
        ("service.prot=10955", "/service"),
        ("servceMonitor.enabled=true", "''"),
        ("image.digest=sha256:abc", "/image/digest"),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("log.level=trace", "/log/level"),
        ("serviceMonitor.interval=often", "/serviceMonitor/interval"),
        ("serviceMonitor.enabled=maybe", "/serviceMonitor/enabled"),
        ("persistence.size=big", "/persistence/size"),
        ("podSecurityContext.runAsUser=0", "/podSecurityContext/runAsUser"),
        ("config.signals[0].nmae=x", "/config/signals/0"),
        ("extraArgs={serve}", "/extraArgs/0"),
        ("networkPolicy.egressPorts={70000}", "/networkPolicy/egressPorts/0"),
        ("nameOverride=Not_A_Name", "/nameOverride"),
    ],
)
def test_wrong_values_are_refused_by_their_path(helm, setting, path):
    """A typing mistake is found before anything is installed."""
    result = helm("template", "demo", CHART, "--set", setting, check=False)
    assert result.returncode == 1
    assert path in result.stderr


def test_every_value_has_a_place_in_the_schema(helm):
    """A value nobody allowed could never be set."""

    def missing(values, schema, path=""):
        allowed = schema.get("properties", {})
        for key, value in values.items():
            if key not in allowed and schema.get("additionalProperties") is False:
                yield f"{path}/{key}"
            elif isinstance(value, dict) and key != "config":
                yield from missing(value, allowed.get(key, {}), f"{path}/{key}")

    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert list(missing(values, schema)) == []
    assert set(schema["properties"]) - {"global"} == set(values)


@pytest.mark.parametrize("case", [case for case in CASES if "existing" not in case.stem], ids=lambda path: path.stem)
def test_offkey_accepts_the_rendered_configuration(render, case, tmp_path):
    """`offkey check config` says what `offkey serve` would; large numbers survive helm."""
    objects = render(case=case)
    text = next(each["data"]["offkey.yml"] for each in objects.values() if "offkey.yml" in each.get("data", {}))
    path = tmp_path / "offkey.yml"
    path.write_text(text)
    result = subprocess.run([OFFKEY, "check", "config", path], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", f"{path}: ok\n")
    assert yaml.safe_load(text) == merged(case)["config"]


def merged(case):
    """Return the chart's values with those of a case over them, as far as `config` is concerned."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    given = yaml.safe_load(case.read_text()).get("config") or {}
    default = values["config"]["sources"]["default"] | given.get("sources", {}).get("default", {})
    return {"config": values["config"] | given | {"sources": {"default": default}}}


@pytest.mark.parametrize("case", ["full", "ha", "tls"])
def test_the_flags_are_those_of_serve(render, case):
    """The container starts: each flag is known to the command."""
    container = pod(render(case=CHART / "ci" / f"{case}-values.yaml"))["containers"][0]
    command, *flags = container["args"]
    help_text = subprocess.run([OFFKEY, command, "--help"], check=True, capture_output=True, text=True).stdout
    for flag in flags:
        assert flag.partition("=")[0] in help_text


def pod(objects):
    """Return the spec of the deployment's pod."""
    return next(each["spec"]["template"]["spec"] for (kind, _), each in objects.items() if kind == "Deployment")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_pods_fit_the_restricted_standard(render, case):
    """Kubernetes' own list: not root, no escalation, no capabilities, default seccomp; and a read-only root."""
    objects = render(case=case)
    pods = [pod(objects), *(each["spec"] for (kind, _), each in objects.items() if kind == "Pod")]
    assert len(pods) == 2
    for spec in pods:
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 65534
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
            }


def test_a_changed_configuration_replaces_the_pod(render):
    """The pod's annotation follows the configuration, and nothing else."""

    def checksum(*arguments):
        deployment = next(each for (kind, _), each in render(*arguments).items() if kind == "Deployment")
        return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum() == checksum("--set", "service.type=NodePort")
    assert checksum() != checksum("--set", "config.signals[0].name=other,config.signals[0].query=up")


def test_only_the_exporter_gets_the_traffic(render):
    """Service, monitor, policy and budget choose the exporter's pod and not the chart's test pod."""
    objects = render(case=CHART / "ci" / "full-values.yaml")
    deployment = next(each for (kind, _), each in objects.items() if kind == "Deployment")
    chosen = deployment["spec"]["selector"]["matchLabels"].items()
    tester = next(each for (kind, _), each in objects.items() if kind == "Pod")
    assert chosen <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert not chosen <= tester["metadata"]["labels"].items()
    by_kind = {kind: each["spec"] for (kind, _), each in objects.items() if "spec" in each}
    assert by_kind["Service"]["selector"].items() == chosen
    for selector in (
        by_kind["ServiceMonitor"]["selector"],
        by_kind["PodDisruptionBudget"]["selector"],
        by_kind["NetworkPolicy"]["podSelector"],
    ):
        assert selector["matchLabels"].items() == chosen
    service = next(each for (kind, _), each in objects.items() if kind == "Service")
    assert by_kind["ServiceMonitor"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert by_kind["ServiceMonitor"]["endpoints"][0]["honorLabels"] is True


def test_prometheus_accepts_the_rules(render, program, tmp_path):
    """The object's spec is a rule file; it holds the shipped groups and those that were added."""
    objects = render(case=CHART / "ci" / "full-values.yaml")
    spec = next(each["spec"] for (kind, _), each in objects.items() if kind == "PrometheusRule")
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump(spec))
    subprocess.run([program("promtool"), "check", "rules", str(path)], check=True, capture_output=True)
    shipped = yaml.safe_load((ROOT / "rules" / "offkey.rules.yml").read_text())["groups"]
    assert spec["groups"][:-1] == shipped
    assert spec["groups"][-1]["name"] == "more"


def test_golden_the_chart_carries_the_shipped_rules_and_dashboards(golden):
    """The copies that helm can read are the files themselves; no old one is left."""
    golden("../../helm/offkey/files/offkey.rules.yml", (ROOT / "rules" / "offkey.rules.yml").read_text())
    folder = ROOT / "grafana" / "dashboards"
    dashboards = sorted(folder.rglob("*.json"))
    for path in dashboards:
        golden(f"../../helm/offkey/files/dashboards/{path.relative_to(folder)}", path.read_text())
    copied = (CHART / "files" / "dashboards").rglob("*.json")
    assert [path.relative_to(folder) for path in dashboards] == sorted(
        path.relative_to(CHART / "files" / "dashboards") for path in copied
    )


def test_grafana_finds_the_dashboards(render):
    """The ConfigMap has the label and the folder the sidecar looks for, and the dashboard as it was."""
    objects = render(case=CHART / "ci" / "full-values.yaml")
    found = objects["ConfigMap", "demo-offkey-overview"]
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["annotations"] == {"grafana_folder": "offkey"}
    assert found["metadata"]["namespace"] == "grafana"
    assert found["data"] == {"offkey-overview.json": (ROOT / "grafana" / "dashboards" / "overview.json").read_text()}


def test_everything_that_exists_can_be_brought_along(render):
    """With existing objects nothing of their kind is made, and the pod uses them."""
    objects = render(case=CHART / "ci" / "existing-values.yaml")
    assert sorted(kind for kind, _ in objects) == ["Deployment", "Pod", "Service"]
    volumes = {volume["name"]: volume for volume in pod(objects)["volumes"]}
    assert volumes["config"]["configMap"] == {"name": "my-offkey-config"}
    assert volumes["state"]["persistentVolumeClaim"] == {"claimName": "my-claim"}
    assert pod(objects)["serviceAccountName"] == "my-account"


def test_every_series_is_judged_in_one_shard_and_by_every_replica_of_it(render):
    """Shards differ in their number and choose only their own pods; the service chooses all of them."""
    objects = render(case=CHART / "ci" / "ha-values.yaml")
    deployments = [each for (kind, _), each in objects.items() if kind == "Deployment"]
    shards = [each["spec"]["template"]["spec"]["containers"][0]["args"] for each in deployments]
    assert [flag for args in shards for flag in args if flag.startswith("--shard")] == [
        f"--shard={shard}/3" for shard in range(3)
    ]
    chosen = [each["spec"]["selector"]["matchLabels"] for each in deployments]
    assert [labels["offkey/shard"] for labels in chosen] == ["0", "1", "2"]
    service = objects["Service", "demo-offkey"]["spec"]["selector"].items()
    for deployment, labels in zip(deployments, chosen, strict=True):
        assert labels.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
        assert service <= labels.items()
        assert deployment["spec"]["replicas"] == 2
        (spread,) = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert spread["labelSelector"]["matchLabels"].items() == service


def test_two_replicas_raise_one_alert(program, tmp_path):
    """Rules take the worst score over the pods: what both find anomalous is told once."""
    labels = 'signal="api-latency-p99",route="/pay",job="offkey"'
    pods = [f'offkey_anomaly{{{labels},instance="{name}"}}' for name in ("a", "b")]
    firing = 'ALERTS{alertname="ApiLatencyP99Anomalous",alertstate="firing"}'
    expected = [{"labels": "{}", "value": 1}]
    case = {
        "interval": "1m",
        "input_series": [{"series": pod, "values": "3x20"} for pod in pods],
        "promql_expr_test": [{"expr": f"count({firing})", "eval_time": "10m", "exp_samples": expected}],
    }
    rules = ROOT / "tests" / "golden" / "rules" / "api-latency-p99.rules.yml"
    path = tmp_path / "replicas.test.yml"
    path.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [case]}))
    result = subprocess.run([program("promtool"), "test", "rules", path], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("replicas=2,persistence.enabled=true", "cannot share one volume"),
        ("shards=2,persistence.existingClaim=mine,persistence.enabled=true", "cannot share one volume"),
        ("ingress.enabled=true", "name at least one host"),
        ("httpRoute.enabled=true", "name at least one gateway"),
        ("alertmanagerConfig.enabled=true", "name at least one, and say in alertmanagerConfig.route"),
    ],
)
def test_what_cannot_work_is_refused(helm, settings, said):
    """The message says why."""
    result = helm("template", "demo", CHART, "--set", settings, check=False)
    assert result.returncode == 1
    assert said in result.stderr


def test_each_shard_keeps_what_it_learned_on_a_volume_of_its_own(render):
    """No two pods write to one place."""
    objects = render("--set", "shards=2,persistence.enabled=true")
    claims = [name for kind, name in objects if kind == "PersistentVolumeClaim"]
    assert claims == ["demo-offkey-0", "demo-offkey-1"]
    for (kind, name), each in objects.items():
        if kind == "Deployment":
            state = next(v for v in each["spec"]["template"]["spec"]["volumes"] if v["name"] == "state")
            assert state["persistentVolumeClaim"] == {"claimName": name}


def test_tls_reaches_probes_and_monitors(render):
    """Whoever asks speaks what offkey speaks; where passwords are asked for, probes look at the port alone."""
    objects = render("--set", "webConfig.existingSecret=web,webConfig.tls=true,serviceMonitor.enabled=true")
    container = pod(objects)["containers"][0]
    assert "--web.config.file=/etc/offkey/web/web.yml" in container["args"]
    assert {container[probe]["httpGet"]["scheme"] for probe in ("livenessProbe", "readinessProbe")} == {"HTTPS"}
    assert objects["ServiceMonitor", "demo-offkey"]["spec"]["endpoints"][0]["scheme"] == "https"
    guarded = pod(render(case=CHART / "ci" / "tls-values.yaml"))["containers"][0]
    assert guarded["readinessProbe"]["tcpSocket"] == {"port": "http-metrics"}


def test_the_chart_names_the_version_it_installs():
    """appVersion, and with it the image's tag, is the package's version."""
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == offkey.__version__


def test_the_readme_describes_every_value():
    """The table is made from values.yaml, where every value has a comment."""
    subprocess.run([sys.executable, ROOT / "tools" / "chart_values.py", "--check"], check=True)
    described = [
        line.split("`")[1] for line in (CHART / "README.md").read_text().splitlines() if line.startswith("| `")
    ]

    def leaves(values, path=()):
        for key, value in values.items():
            here = (*path, key)
            if ".".join(here) in described or not isinstance(value, dict):
                yield ".".join(here)
            else:
                yield from leaves(value, here)

    assert described == list(leaves(yaml.safe_load((CHART / "values.yaml").read_text())))


def test_the_chart_can_be_packaged(helm, tmp_path):
    """The archive has what is installed and not what only tests it."""
    helm("package", CHART, "--destination", tmp_path)
    (archive,) = tmp_path.iterdir()
    listing = subprocess.run(["tar", "tzf", archive], check=True, capture_output=True, text=True).stdout.split()
    assert {"offkey/files/dashboards/overview.json", "offkey/files/dashboards/packs/node.json"} <= set(listing)
    assert not [name for name in listing if name.startswith("offkey/ci/")]
