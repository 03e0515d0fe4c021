"""From collectors to the store: finding collectors, running them apart from each other, stamping what they yield."""
