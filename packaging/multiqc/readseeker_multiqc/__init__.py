"""MultiQC module for the JSON reports of readseeker."""

from .module import MultiqcModule
from .search import add_search_pattern

__all__ = ["MultiqcModule", "add_search_pattern"]
