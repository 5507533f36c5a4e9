"""What is handed in: read, put back into the form it was handed out in, its outputs made harmless."""
