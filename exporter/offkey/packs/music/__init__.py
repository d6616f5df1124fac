"""A music streaming platform: its signals (`offkey.yml`), and a simulator that shows them working."""
