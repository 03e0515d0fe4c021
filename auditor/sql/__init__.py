"""The SQL box: statements that other people wrote are checked, contained and run here."""
