"""Reads evidence from files: evidence folders, and exports of any tool through a mapping."""
