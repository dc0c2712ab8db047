"""The chart: what it renders is what Kubernetes takes, and what it promises to operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from charts import CHART, KUBERNETES, NEEDED, Tool, objects, pods, settings
from deployment import alerts, dashboard

VERSIONS = ("1.29", KUBERNETES, "1.37")  # the oldest that Chart.yaml allows, and newer ones


def test_helm_finds_nothing_to_complain_of(tool: Tool) -> None:
    tool("helm", "lint", "--strict", CHART, *settings(NEEDED))


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_what_is_rendered(tool: Tool, least: str, whole: str, tmp_path: Path, version: str) -> None:
    files = []
    for number, text in enumerate((least, whole)):
        ours = [each for each in objects(text).values() if "monitoring.coreos.com" not in each["apiVersion"]]
        assert len(ours) > 10
        files.append(tmp_path / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump_all(ours))
    tool("kubernetes-validate", "--strict", "-k", version, *files)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "state.url is not set: say which Redis"),
        (["--set", "state.url=redis://redis:6379"], "retrain.data.existingClaim is not set"),
        (["--set", "state.url=sqlite:state.sqlite"], "'/state/url'"),
        (["--set", "server.replica=3"], "replica"),
    ],
)
def test_a_mistake_in_the_values_is_told_by_name(template: Tool, given: list[str], said: str) -> None:
    assert said in template(*given, status=1)


def test_no_pod_is_root_or_writes_to_its_file_system_or_calls_the_cluster(whole: str) -> None:
    kinds = []
    for kind, pod in pods(whole):
        kinds.append(kind)
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        assert pod["enableServiceLinks"] is False  # SHORTLIST_... is for settings
        (container,) = pod["containers"]
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
        names = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == names
    assert sorted(kinds) == ["CronJob", "Deployment", "Deployment", "Deployment", "Pod"]


def test_a_server_ends_only_when_nobody_calls_it_any_more(template: Tool) -> None:
    text = template(*settings(NEEDED | {"server.preStopSeconds": "20", "server.graceSeconds": "60"}))
    pod = objects(text)["Deployment", "shop-shortlist-server"]["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    assert server["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "20"]
    assert "--grace=60" in server["args"]
    assert pod["terminationGracePeriodSeconds"] > 20 + 60


def test_probes_fit_what_a_server_speaks_and_do_not_restart_one_that_waits(least: str, whole: str) -> None:
    def server(text: str) -> dict[str, Any]:
        return objects(text)["Deployment", "shop-shortlist-server"]["spec"]["template"]["spec"]["containers"][0]

    assert server(least)["readinessProbe"]["grpc"] == {"port": 50051}
    assert server(whole)["readinessProbe"]["httpGet"]["path"] == "/readyz"  # the kubelet's gRPC probe speaks no TLS
    for text in (least, whole):
        assert server(text)["livenessProbe"]["httpGet"]["path"] == "/livez"


def test_services_and_policies_and_budgets_select_the_pods_that_they_are_about(whole: str) -> None:
    made = objects(whole)
    deployments = {name: each["spec"] for (kind, name), each in made.items() if kind == "Deployment"}
    labels = {name: each["template"]["metadata"]["labels"] for name, each in deployments.items()}
    for (kind, name), each in made.items():
        if name in labels and kind in {"Service", "NetworkPolicy", "PodDisruptionBudget", "ServiceMonitor"}:
            found = each["spec"].get("selector") or each["spec"]["podSelector"]
            selector = found if kind == "Service" else found["matchLabels"]
            assert selector.items() <= labels[name].items(), (kind, name)
    scaled = made["HorizontalPodAutoscaler", "shop-shortlist-server"]["spec"]
    assert scaled["scaleTargetRef"]["name"] in labels
    assert scaled["metrics"][0]["pods"]["metric"]["name"] == "shortlist_requests_pending"
    assert "replicas" not in deployments["shop-shortlist-server"]  # the autoscaler's to say


def test_only_retraining_writes_bundles_unless_servers_are_asked_to(least: str, whole: str) -> None:
    def read_only(text: str, kind: str) -> bool:
        (pod,) = (pod for of, pod in pods(text) if of == kind and pod["containers"][0]["name"] in {"server", "retrain"})
        mounts = {mount["name"]: mount for mount in pod["containers"][0]["volumeMounts"]}
        return mounts["bundles"].get("readOnly", False)

    assert read_only(least, "Deployment") and not read_only(least, "CronJob")
    assert not read_only(whole, "Deployment")


def test_alerts_and_dashboard_are_those_beside_the_chart(whole: str) -> None:
    made = objects(whole)
    rules = [rule for group in made["PrometheusRule", "shop-shortlist"]["spec"]["groups"] for rule in group["rules"]]
    assert rules == alerts()
    assert yaml.safe_load(made["ConfigMap", "shop-shortlist-dashboard"]["data"]["shortlist.json"]) == dashboard()


def test_the_console_is_off_unless_it_is_asked_for(least: str, whole: str) -> None:
    assert ("Deployment", "shop-shortlist-console") not in objects(least)
    assert ("Deployment", "shop-shortlist-console") in objects(whole)
