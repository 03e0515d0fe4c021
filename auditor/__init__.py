"""auditor: an evidence-based maturity auditor for Service Level Management."""

__version__ = "0.1.0"
