"""What a run has to do, and in which order: the solution first, and last who takes much longer than the others."""
