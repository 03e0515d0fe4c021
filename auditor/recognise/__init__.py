"""Where evidence becomes meaning: pure, versioned modules that say what a rule, a route or a document is."""
