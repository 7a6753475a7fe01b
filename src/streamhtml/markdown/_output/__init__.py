"""What the parser writes, elements and their text in order, and how it becomes patches."""
