"""Live tensors and their autograd graph as plain data."""

from gradstop.graph.census import Census
from gradstop.graph.data import CutInfo, EdgeInfo, Graph, NodeInfo, SavedInfo, TensorInfo
from gradstop.graph.read import read_graph
from gradstop.graph.trace import Step, Trace, Waiting, trace_backward

__all__ = [
    "Census",
    "CutInfo",
    "EdgeInfo",
    "Graph",
    "NodeInfo",
    "SavedInfo",
    "Step",
    "TensorInfo",
    "Trace",
    "Waiting",
    "read_graph",
    "trace_backward",
]
