"""`offkey doctor`: what stands between a configuration and the right page, and what to do about it."""
