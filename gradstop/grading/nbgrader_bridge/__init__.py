"""All that speaks with nbgrader: its configuration, preprocessors, gradebook and converters."""
