"""Labelled machines with many metrics: how well a detector judges them together."""
