"""Frozen scorers: one file for each family, one small base class."""

from grape_rewrite.retrievers.retriever import Retriever

__all__ = ["Retriever"]
