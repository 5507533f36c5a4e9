"""A process that has modules loaded and forks others on request.

Imports nothing of the rest of ``gradstop`` but ``internals``.
"""
