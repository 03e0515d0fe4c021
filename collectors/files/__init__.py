"""Reads evidence from files: evidence folders, and exports of any tool through a mapping."""

from collectors.files.collector import FilesCollector

COLLECTOR = FilesCollector
"""What the entry point names."""

__all__ = ["COLLECTOR"]
