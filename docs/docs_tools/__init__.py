"""What writes the generated pages of `docs/reference` and checks all pages; run `docs/generate.py`, `docs/check.py`."""
