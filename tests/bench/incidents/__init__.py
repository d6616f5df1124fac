"""Whether the music pack pages for what is broken, and for nothing else: the simulator's incidents, judged as live."""
