"""Answers of servers, from bytes to arrays: kernels that take what is whole and refuse everything else."""
