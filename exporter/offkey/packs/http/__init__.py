"""HTTP services by rate, errors and duration, under the usual names of Prometheus' clients and of OpenTelemetry."""
