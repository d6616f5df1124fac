"""Commands: one file each, its `command` is the command, its name the file's."""
