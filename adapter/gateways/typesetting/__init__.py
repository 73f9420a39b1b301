"""Printed pages: a layout of typst and data become a PDF. Reads layouts and packaged fonts, nothing else."""
