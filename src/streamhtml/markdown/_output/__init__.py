"""The HTML that the parser writes, and the patches that bring it to the page."""
