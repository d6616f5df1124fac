"""Where series come from: one file each, one class `Source` each."""
