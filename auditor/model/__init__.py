"""What the auditor speaks about, as plain frozen types without any input or output."""
