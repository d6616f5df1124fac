"""The recurrent network: what torch trains is judged without it."""

import numpy as np
import pytest

from offkey.models.detect import lstm
from offkey.models.detect.lstm.cells import HIDDEN, LARGEST, SEASONAL, STEPS, predict


def test_without_weights_nothing_is_expected_and_with_none_but_a_bias_it_alone():
    """NaN weights leave NaN; zeros expect zero; the last number is added to everything."""
    weights = np.zeros((3, lstm.WEIGHTS))
    weights[0], weights[2, -1] = np.nan, 1.5
    features = np.random.default_rng(1).normal(size=(3, 4, SEASONAL + STEPS))
    features[:, 2, 0] = np.nan
    out = np.full((3, 4), np.nan)
    predict(weights, features, out)
    np.testing.assert_array_equal(out[:, 1], [np.nan, 0.0, 1.5])
    assert np.isnan(out[:, 2]).all()


def test_the_plain_arithmetic_is_the_networks_own():
    """What torch itself says with the same weights, to single precision; training is repeatable."""
    torch = pytest.importorskip("torch")
    from offkey.models.detect.lstm.training import learn  # noqa: PLC0415 (needs torch)

    chance = np.random.default_rng(2)
    inputs, targets = chance.normal(size=(300, SEASONAL + STEPS)), chance.normal(size=300)
    weights = learn(inputs, targets, 5, 0)
    np.testing.assert_array_equal(learn(inputs, targets, 5, 0), weights)
    out = np.full((1, 300), np.nan)
    predict(weights[None], inputs[None], out)
    cells, last = torch.nn.LSTM(1, HIDDEN, batch_first=True), torch.nn.Linear(HIDDEN + SEASONAL, 1)
    gates, first = 4 * HIDDEN, 4 * HIDDEN * (2 + HIDDEN)
    with torch.no_grad():
        cells.weight_ih_l0[:] = torch.tensor(weights[:gates, None])
        cells.bias_ih_l0[:], cells.bias_hh_l0[:] = torch.tensor(weights[gates : 2 * gates]), 0.0
        cells.weight_hh_l0[:] = torch.tensor(weights[2 * gates : first].reshape(gates, HIDDEN))
        last.weight[:], last.bias[:] = torch.tensor(weights[first:-1][None]), weights[-1]
        hidden = cells(torch.tensor(inputs[:, SEASONAL:, None], dtype=torch.float32))[0][:, -1]
        seasonal = torch.tensor(np.clip(inputs[:, :SEASONAL], -LARGEST, LARGEST), dtype=torch.float32)
        expected = last(torch.cat([hidden, seasonal], dim=1))[:, 0].numpy()
    np.testing.assert_allclose(out[0], expected, atol=1e-5)
