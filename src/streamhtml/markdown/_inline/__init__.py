"""Inline structure: emphasis, code spans, links, images and formulas in the text of a block.

``parser`` is what blocks call. ``reader`` goes from one special character to the next, and keeps
what it has found in the ``state``. ``tail`` shows what is not certain yet.
"""
