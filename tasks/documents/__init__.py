"""The papers of a case: what kinds there are, and how one is rendered. 文书"""

from tasks.documents.registry import DOCUMENTS, DocumentKind, Rendered
from tasks.documents.rendering import render
from tasks.documents.wording import certificate

__all__ = ["DOCUMENTS", "DocumentKind", "Rendered", "certificate", "render"]
