"""Check the documentation: `make docs`.

Generated pages say what their sources say, links resolve, the shell blocks of README, tutorial and how-to pages run,
and everything a person can use has an entry. Exit code 1 when anything is wrong, with one line for each fault.
"""

from __future__ import annotations

import sys
from pathlib import Path

from docs_tools.blocks import run_page
from docs_tools.entries import missing_entries
from docs_tools.links import broken_links
from docs_tools.markdown import tracked_files
from docs_tools.pages import outdated_pages

CHECKOUT = Path(__file__).resolve().parent.parent


def pages_with_commands(checkout: Path) -> list[Path]:
    """The pages whose shell blocks are run."""
    folders = (checkout / "docs" / "tutorial", checkout / "docs" / "how-to")
    pages = [page for folder in folders for page in sorted(folder.glob("*.md"))]
    return [Path("README.md"), *(page.relative_to(checkout) for page in pages)]


def main() -> int:
    """Run every check and print what is wrong."""
    # Documents of the tests are evidence, whose links lead where their authors meant.
    pages = [path for path in tracked_files(CHECKOUT) if path.suffix == ".md" and path.parts[0] != "tests"]
    faults = outdated_pages(CHECKOUT)
    faults += broken_links(CHECKOUT, pages)
    faults += missing_entries(CHECKOUT)
    for page in pages_with_commands(CHECKOUT):
        outcome = run_page(CHECKOUT, page)
        faults += outcome.failures
        print(f"{page}: {outcome.ran} shell blocks run, {len(outcome.failures)} failed, {len(outcome.not_run)} not run")
        print("".join(f"    {line}\n" for line in outcome.not_run), end="")
    print("\n".join(faults) if faults else f"{len(pages)} pages are sound")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
