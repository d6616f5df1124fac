"""Judge rule files, offkey's own and other people's, without asking any server."""
