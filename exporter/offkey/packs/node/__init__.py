"""Machines, as node_exporter sees them."""
