"""The chat that ``streamhtml demo`` serves; each ``*_app`` module is a whole application to copy.

Here the library is used as anyone would use it: by its public names alone.
"""
