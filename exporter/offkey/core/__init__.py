"""Values and promises: no I/O, no clock, no logging."""
