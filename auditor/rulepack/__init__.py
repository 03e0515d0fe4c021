"""Rule packs: found, loaded, checked, with their cases and their catalogue."""
