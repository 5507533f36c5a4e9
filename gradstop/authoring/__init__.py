"""What an author of the course does: execute, normalise, regenerate."""
