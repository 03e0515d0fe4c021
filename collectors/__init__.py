"""The collectors that come with the auditor, one folder per kind of source."""

DISTRIBUTION = "slm-auditor"
"""Marks this package as ours: `collectors` is a name that others may use too."""
