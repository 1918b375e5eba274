"""Reports on paper and in workbooks (adapter): type, pages, sheets."""
