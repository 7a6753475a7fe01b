"""Block structure: which line belongs to which block.

``parser`` keeps the open blocks. ``starts`` says which block a line begins, ``ends`` where code and
formulas end, and the other modules are the blocks themselves.
"""
