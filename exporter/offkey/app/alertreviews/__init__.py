"""Records of alerts, and what they propose, as diffs of the files that set the alerts."""
