"""The bundled organisation is what its generator writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
BUNDLED = CHECKOUT / "rules/slm-maturity/organisations/ferry-line/evidence"


def test_the_bundled_organisation_is_generated_byte_for_byte(tmp_path: Path) -> None:
    generator = CHECKOUT / "examples/reference-organisation/generate.py"
    subprocess.run([sys.executable, str(generator), str(tmp_path / "out")], check=True)
    written = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    bundled = {path.name: path.read_bytes() for path in BUNDLED.iterdir()}
    assert written == bundled


def test_the_bundled_organisation_has_a_few_thousand_records_and_fits_the_wheel() -> None:
    files = list(BUNDLED.glob("*.jsonl"))
    records = sum(path.read_bytes().count(b"\n") for path in files)
    assert 2_000 <= records <= 9_000
    assert sum(path.stat().st_size for path in files) < 2_000_000
