"""Rule groups taken through the past: what would have been recorded, and which alerts would have fired when."""
