"""Inline structure: emphasis, code spans, links, formulas and addresses in the text of a block."""
