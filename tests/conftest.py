"""What every test may ask for: servers and real data that need not be there, and where the checkout is."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background jobs with Ctrl-C ignored, and children inherit it: a test that sends it would wait.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds pyproject.toml."""
    return CHECKOUT


@pytest.fixture
def require_or_skip(request: pytest.FixtureRequest) -> Callable[[str], NoReturn]:
    """Call it with what is missing: the test is skipped, or fails where AUDITOR_REQUIRE names the test's marker.

    AUDITOR_REQUIRE is a comma-separated list of `servers` and `official`. The test must carry one of these markers, so
    that the ones that can be skipped can be listed (`pytest -m servers`).
    """
    marker = next((name for name in ("servers", "official") if request.node.get_closest_marker(name)), None)
    required = os.environ.get("AUDITOR_REQUIRE", "").replace(" ", "").split(",")

    def missing(what: str) -> NoReturn:
        if marker is None:
            pytest.fail(f"{what} is missing, and the test is marked neither servers nor official", pytrace=False)
        if marker in required:
            pytest.fail(f"{what} is missing, and AUDITOR_REQUIRE names {marker}", pytrace=False)
        pytest.skip(f"{marker}: {what} is missing")

    return missing


@pytest.fixture
def shared(checkout: Path, require_or_skip: Callable[[str], NoReturn]) -> Callable[[str], Path]:
    """Call it with a path in the folder `shared` beside the checkout (official documents, real data) to get it.

    The test must be marked `official`; where the path is absent the test is skipped.
    """

    def find(relative: str) -> Path:
        path = checkout.parent / "shared" / relative
        if not path.exists():
            require_or_skip(f"../shared/{relative} beside the checkout")
        return path

    return find
