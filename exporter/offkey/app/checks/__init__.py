"""What `offkey check` can check: one file each, its `command` is the command, its name the file's."""
