"""Where snapshots go: one file each, one class `Sink` each."""
