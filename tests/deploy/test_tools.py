"""What other people's tools say of the files that they are going to read."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from charts import Tool
from deployment import DEPLOY, ROOT, alerts

PROMETHEUS = DEPLOY / "prometheus"
SCRIPTS = [DEPLOY / "entrypoint", DEPLOY / "image/install.sh", DEPLOY / "image/warm.sh"]


def test_hadolint_finds_nothing_in_the_dockerfile(tool: Tool) -> None:
    assert tool("hadolint", "--no-color", DEPLOY / "Dockerfile") == ""


def test_prometheus_takes_its_configuration_and_the_alerts(tool: Tool) -> None:
    tool("promtool", "check", "config", PROMETHEUS / "prometheus.yaml")


def test_alerts_fire_where_they_should(tool: Tool) -> None:
    assert "SUCCESS" in tool("promtool", "test", "rules", "alerts.test.yaml", folder=PROMETHEUS)


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    cases = yaml.safe_load((PROMETHEUS / "alerts.test.yaml").read_text())["tests"]
    fired = {each["alertname"] for case in cases for each in case["alert_rule_test"] if each.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in alerts()}


@pytest.mark.system
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.name for script in SCRIPTS])
def test_a_posix_shell_takes_the_scripts(script: Path) -> None:
    assert script.stat().st_mode & stat.S_IXOTH
    subprocess.run(["sh", "-n", script], check=True, cwd=ROOT)
