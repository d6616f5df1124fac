"""Alertmanager's configuration from a few words about teams: who is told, how, when, and by what route."""
