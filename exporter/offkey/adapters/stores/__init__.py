"""Where learned state is kept: one file each, one class `Store` each."""
