"""PromQL over the past: expressions at every instant at once, valued as Prometheus 2.42 values them one by one."""
