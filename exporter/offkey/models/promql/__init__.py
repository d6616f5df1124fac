"""The arithmetic of Prometheus' rule engine over arrays: functions of ranges, and the life of alerts."""
