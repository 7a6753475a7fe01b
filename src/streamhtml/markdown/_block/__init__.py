"""Block structure: paragraphs, headings, lists, quotes, tables, code and footnote definitions."""
