"""Import 匯入: files of a company's own, checked row by row, become the next directory."""

from storage.importing.build import ImportReport, import_files

__all__ = ["ImportReport", "import_files"]
