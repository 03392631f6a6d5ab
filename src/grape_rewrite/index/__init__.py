"""Embedded corpora: made once, cached, searched exactly."""

from grape_rewrite.index.build import build_index
from grape_rewrite.index.index import Index

__all__ = ["Index", "build_index"]
