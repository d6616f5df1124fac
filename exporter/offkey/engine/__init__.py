"""When, in what order, with which memory; talks to ports only."""
