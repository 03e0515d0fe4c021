"""What authors of rule packs and collectors test with."""
