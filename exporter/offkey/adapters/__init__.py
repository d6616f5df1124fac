"""All input and output, one outside thing per file."""
