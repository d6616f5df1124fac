"""What `offkey rules` can do: one file each, its `command` is the command, its name the file's."""
