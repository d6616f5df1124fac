"""What several tests on real programs start from."""

import pytest
from faultproxy import FaultProxy


@pytest.fixture
def proxy(url):
    """Return an honest proxy before the server at a module's `url`."""
    with FaultProxy(url) as proxy:
        yield proxy
