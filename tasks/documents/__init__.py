"""The papers of a case: what kinds there are, and how one is rendered. 文书"""

from tasks.documents.registry import DOCUMENTS, DocumentKind, Rendered
from tasks.documents.rendering import render

__all__ = ["DOCUMENTS", "DocumentKind", "Rendered", "render"]
