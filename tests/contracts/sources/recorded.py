"""A file that holds one recorded answer."""

from contextlib import contextmanager

from offkey.adapters.sources.recorded import Source, record


@contextmanager
def serve(frame, query, tmp_path):
    """Give a source that answers `query` with `frame` and knows nothing else."""
    record(tmp_path / "answers.jsonl", query, frame)
    source = Source(tmp_path)
    yield source
    source.close()
