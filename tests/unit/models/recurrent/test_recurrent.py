"""The network that was trained with torch, spoken without it."""

import numpy as np
import pytest

from offkey.core.errors import MissingLibrary
from offkey.models import recurrent
from offkey.models.lessons import SEED
from offkey.models.recurrent.cells import MIDDLE, MOST, TOLD, answer, shapes

CELLS = 3


def test_weights_of_nothing_say_the_last_bias_and_never_too_much():
    """Without weights the answer is the last bias, cut at `MOST`."""
    layers = [np.zeros(shape) for shape in shapes(CELLS).values()]
    for bias, said in ((0.25, 0.25), (99.0, MOST), (-99.0, -MOST)):
        layers[-1][:] = bias
        assert answer(tuple(layers), np.ones((2, 24)), np.ones((2, 3, TOLD))).tolist() == [[said] * 3] * 2


def test_without_torch_the_error_says_what_to_install(monkeypatch):
    """The extra is named."""
    monkeypatch.setattr(recurrent, "find_spec", lambda name: None)
    with pytest.raises(MissingLibrary, match=r'lstm: needs torch, which is not installed; .* extra "deep"'):
        recurrent.need_torch("lstm")


def test_plain_arithmetic_agrees_with_torch():
    """An untrained network says the same as torch's own layers, to six digits."""
    torch = pytest.importorskip("torch", reason="needs torch, of the extra deep")
    from offkey.models.recurrent.training import learn  # noqa: PLC0415 (needs torch)

    rng = np.random.default_rng(1)
    hours, told = rng.normal(size=(5, 24)), rng.normal(size=(5, TOLD))
    weights = learn(hours, told, np.zeros(5), CELLS, 0)
    torch.manual_seed(SEED)
    cells, middle, last = torch.nn.LSTM(1, CELLS), torch.nn.Linear(CELLS + TOLD, MIDDLE), torch.nn.Linear(MIDDLE, 1)
    hidden = cells(torch.tensor(hours.T[:, :, None], dtype=torch.float32))[0][-1]
    both = torch.cat([hidden, torch.tensor(told, dtype=torch.float32)], dim=1)
    expected = last(torch.tanh(middle(both))).detach().numpy()
    found = answer(tuple(weights.values()), hours, told[:, None])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
