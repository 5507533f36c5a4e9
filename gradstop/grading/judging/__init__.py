"""The judge: what it asks, what it takes for an answer, what a verdict earns."""
