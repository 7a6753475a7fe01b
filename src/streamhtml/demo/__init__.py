"""The chat that ``streamhtml demo`` serves. Each ``*_app`` module is a complete application.

The demo uses the library as any application does, by its public names only.
"""
