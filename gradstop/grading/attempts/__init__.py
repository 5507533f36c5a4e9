"""Several attempts of a student, of which the best counts."""
