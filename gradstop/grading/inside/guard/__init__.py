"""What keeps a submission from disturbing what observes it: what is put back, taken off, refused."""
