"""Warm kernels: each Jupyter kernel is forked from a process that has its modules loaded.

The extension point is jupyter_client's kernel provisioner, so that every Jupyter program can use it unchanged: set
``JUPYTER_DEFAULT_PROVISIONER_NAME=warm-provisioner``, or name it in a kernelspec. This package imports nothing of
the rest of ``gradstop`` but ``forkserver`` and ``internals``.
"""

from gradstop.kernels.provisioner import WarmProvisioner

__all__ = ["WarmProvisioner"]
