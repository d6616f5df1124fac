"""What reading costs: increments, history, quality and streams, beside what people use otherwise."""
