"""Strangers' tables: text in any encoding and workbooks, to rows of text with every change and fault named (rules).

CUS-1, CUS-4. Bytes in, rows out; no files, no network. `reading.read_table` is the way in.
"""
