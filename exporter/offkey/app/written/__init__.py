"""Rule files that people wrote, with the place of every value: what the lint judges and the compiler edits."""
