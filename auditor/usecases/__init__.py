"""What a person can ask of the auditor, one module each; the command line only parses and prints."""
