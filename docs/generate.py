"""Write the generated pages of docs/reference again: `make docs-write`."""

from __future__ import annotations

from pathlib import Path

from docs_tools.pages import GENERATED, generated_text

CHECKOUT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write every page that differs and say which."""
    for page in GENERATED:
        path, text = CHECKOUT / page, generated_text(page)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            print(f"unchanged  {page}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"written    {page}")


if __name__ == "__main__":
    main()
