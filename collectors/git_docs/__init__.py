"""Reads documents and their history from a git repository."""

from collectors.git_docs.collector import GitDocsCollector

COLLECTOR = GitDocsCollector
"""What the entry point names."""

__all__ = ["COLLECTOR"]
