"""Live tensors and their autograd graph as plain data."""

from gradstop.graph.data import CutInfo, EdgeInfo, Graph, NodeInfo, SavedInfo, TensorInfo
from gradstop.graph.read import read_graph

__all__ = ["CutInfo", "EdgeInfo", "Graph", "NodeInfo", "SavedInfo", "TensorInfo", "read_graph"]
