"""The program: configuration, wiring, server, commands."""
