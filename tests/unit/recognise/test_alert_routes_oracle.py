"""Our walk of a route tree against Alertmanager's own (`amtool config routes test`), on generated trees."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.recognise.alert_routes import matched, read_config

pytestmark = pytest.mark.servers

LABELS = ("a", "b", "c")
VALUES = ("x", "y", "xy", "")
PATTERNS = ("x", "x|y", "x.*", ".*", ".+", "", "[xy]", "(?i)X")
RECEIVERS = tuple(f"r{n}" for n in range(6))

new_matchers = st.one_of(
    st.builds('{}{}"{}"'.format, st.sampled_from(LABELS), st.sampled_from(["=", "!="]), st.sampled_from(VALUES)),
    st.builds('{} {} "{}"'.format, st.sampled_from(LABELS), st.sampled_from(["=~", "!~"]), st.sampled_from(PATTERNS)),
)
old_maps = st.dictionaries(st.sampled_from(LABELS), st.sampled_from(VALUES[:3]), max_size=2)
old_patterns = st.dictionaries(st.sampled_from(LABELS), st.sampled_from(PATTERNS), max_size=2)


def _node(below: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"routes": below, "continue": st.booleans()},
        optional={
            "receiver": st.sampled_from(RECEIVERS),
            "matchers": st.lists(new_matchers, max_size=2),
            "match": old_maps,
            "match_re": old_patterns,
        },
    )


trees = st.lists(
    st.recursive(_node(st.just([])), lambda below: _node(st.lists(below, max_size=3)), max_leaves=8), max_size=4
)
alerts = st.lists(
    st.dictionaries(st.sampled_from(LABELS), st.sampled_from(VALUES[:3]), min_size=1), min_size=1, max_size=3
)


@pytest.fixture
def amtool(require_or_skip: Callable[[str], NoReturn]) -> str:
    found = shutil.which("amtool")
    if found is None:
        require_or_skip("amtool (Debian package prometheus-alertmanager)")
    return found


def theirs(amtool: str, path: Path, labels: dict[str, str]) -> list[str]:
    arguments = [f"{label}={value}" for label, value in labels.items()]
    command = [amtool, "config", "routes", "test", f"--config.file={path}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return [name for name in done.stdout.strip().split(",") if name]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees, alerts)
def test_generated_trees_lead_to_the_receivers_that_alertmanager_names(amtool: str, routes, sent):
    data = {"route": {"receiver": "root", "routes": routes}, "receivers": [{"name": n} for n in ("root", *RECEIVERS)]}
    text = json.dumps(data)  # JSON is YAML
    config = read_config(text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "alertmanager.yml"
        path.write_text(text, encoding="utf-8")
        for labels in sent:
            ours = [each.receiver for each in matched(config.root, labels)]
            assert ours == theirs(amtool, path, labels), (text, labels)
