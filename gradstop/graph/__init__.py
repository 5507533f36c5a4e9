"""Live tensors and their autograd graph as plain data."""

from gradstop.graph.census import Census
from gradstop.graph.data import CutInfo, EdgeInfo, Graph, NodeInfo, SavedInfo, TakenInfo, TensorInfo
from gradstop.graph.read import read_given, read_graph
from gradstop.graph.trace import Failure, Step, Trace, Waiting, trace_backward, trace_groups

__all__ = [
    "Census",
    "CutInfo",
    "EdgeInfo",
    "Failure",
    "Graph",
    "NodeInfo",
    "SavedInfo",
    "Step",
    "TakenInfo",
    "TensorInfo",
    "Trace",
    "Waiting",
    "read_given",
    "read_graph",
    "trace_backward",
    "trace_groups",
]
