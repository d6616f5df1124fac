"""Who may reach offkey's own port, and how: TLS, passwords, headers and a rate limit, in exporter-toolkit's format.

Source: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
"""
