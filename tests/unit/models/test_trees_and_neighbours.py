"""Forests as plain arrays, and distances to remembered points, beside slow twins."""

import numpy as np
from sklearn.cluster import DBSCAN
from sklearn.ensemble import IsolationForest, RandomForestRegressor

from offkey.models import trees
from offkey.models.detect.dbscan import Model as Dbscan
from offkey.models.detect.isolation_forest import Model, mean_path
from offkey.models.nearest import distance_to_nearest


def test_a_packed_forest_answers_as_the_one_it_was_made_of():
    """Arrays and scikit-learn agree on every sample."""
    chance = np.random.default_rng(1)
    past, new = chance.normal(size=(300, 4)), chance.normal(size=(50, 4)).astype(np.float32)
    forest = RandomForestRegressor(6, max_depth=5, random_state=0).fit(past, past[:, 0] * past[:, 1])
    grown = [tree.tree_ for tree in forest.estimators_]
    rows = {name: array[None] for name, array in trees.pack(grown, [t.value[:, 0, 0] for t in grown], 64).items()}
    np.testing.assert_allclose(trees.ask(rows, new[None].astype(float))[0], forest.predict(new), rtol=1e-5, atol=1e-6)


def test_a_forest_nobody_has_grown_says_nothing_and_ends():
    """The blank arrays of a new series are one leaf of 0."""
    rows = {name: np.zeros((1, *shape), kind) for name, (shape, kind) in trees.shapes(3, 8).items()}
    np.testing.assert_array_equal(trees.ask(rows, np.ones((1, 2, 4))), 0.0)


def test_isolation_ranks_as_scikit_learn_does():
    """Within the box of the past, the order of samples is nearly that of scikit-learn's own forest."""
    chance = np.random.default_rng(2)
    model = Model(trees=200, samples=128)
    past, new = chance.normal(size=(1_000, model.features)), 0.9 * chance.normal(size=(200, model.features))
    rows = {name: np.asarray(array)[None] for name, array in model.train(past).items()}
    own = model.judge(rows, new[None])[0]
    theirs = -IsolationForest(n_estimators=200, max_samples=128, random_state=5).fit(past).score_samples(new)
    ranks = [np.argsort(np.argsort(values)) for values in (own, theirs)]
    assert np.corrcoef(ranks)[0, 1] > 0.9


def test_the_mean_path_is_that_of_a_binary_search_tree():
    """Liu, Ting and Zhou's c(n): 0, 1 and 2 H(n - 1) - 2 (n - 1) / n."""
    exact = 2 * (np.log(255) + 0.5772156649) - 2 * 255 / 256
    np.testing.assert_allclose(mean_path(np.array([1, 2, 256])), [0.0, 1.0, exact])


def test_the_nearest_point_is_the_one_found_by_measuring_all():
    """Giving up early changes nothing; missing points are no points, and a point does not find itself."""
    chance = np.random.default_rng(3)
    points = chance.normal(size=(2, 30, 7)).astype(np.float32)
    points[:, 20:] = np.nan
    new = chance.normal(size=(2, 40, 7))
    new[0, 5] = np.nan
    found = distance_to_nearest(points, new)
    for s in range(2):
        apart = np.linalg.norm(points[s, None, :20].astype(float) - new[s, :, None].astype(np.float32), axis=2)
        np.testing.assert_allclose(found[s], apart.min(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(distance_to_nearest(points, points[:, :20].astype(float)), 0.0)
    assert (distance_to_nearest(points, points[:, :20].astype(float), others=True) > 0.1).all()


def test_core_points_are_those_of_scikit_learn():
    """Every core point that scikit-learn's DBSCAN finds at the learned radius is remembered, and no other."""
    model = Dbscan(neighbours=5)
    past = np.random.default_rng(4).standard_t(3, size=(300, model.features))
    learned = model.train(past)
    theirs = DBSCAN(eps=float(learned["radius"]), min_samples=5).fit(past).core_sample_indices_
    assert 250 < theirs.size < 290
    np.testing.assert_array_equal(learned["cores"][: theirs.size], past[theirs].astype(np.float32))
    assert np.isnan(learned["cores"][theirs.size :]).all()
