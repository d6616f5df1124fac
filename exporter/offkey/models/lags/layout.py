"""What is remembered of each series, what is said of each sample, and the numbers the arithmetic rests on."""

import numpy as np

BIN_SECONDS, HOUR_SECONDS = 300, 3_600
DAY_BINS, DAYS = 288, 7
WEEK_BINS = DAYS * DAY_BINS  # `week`: deviation from the level in each bin of the week, the last one seen

# columns of `run`
COUNT, AGE, LEVEL, LAST, SPREAD, SPREAD_SEEN, NEAR, FAR, CHANGE, HELD, OFFSET, AWAY = range(12)
BIN, BIN_SUM, BIN_COUNT, MIDDLE, KNOWN, SWING, MEAN, QUICK, SLOW, WOBBLE, WOBBLE_FAR = range(12, 23)
ORIGIN = 23  # first sample: all else is kept as its distance from it, so that large offsets cost no digits
LAGS = 5  # scaled residuals remembered
LAG = 24
EXPERTS = 3  # running levels of the seasonal residual
EXPERT = LAG + LAGS
ERROR = EXPERT + EXPERTS
HOURLY = ERROR + EXPERTS  # for each hour of the day:
HOUR_JUMP, HOUR_SPREAD, HOUR_SEEN, HOUR_STRIDE = range(4)
RUN = HOURLY + 24 * HOUR_STRIDE

# features; those from BEFORE on were known before the sample came
RESIDUAL = 0  # from the season and the level
JUMP = 1  # from the running forecast
RECENT = 2  # running mean of the last jumps, this one included
SUSTAINED = 3  # running mean of the last residuals, this one included
DEPARTURE = 4  # from the running mean of the last samples
ROUGHNESS = 5  # log ratio of lately to usual changes from sample to sample
YESTERDAY = 6  # from the same time a day ago
BEFORE = 7
PAST = 7  # the last five residuals, the latest first
MEAN_BEFORE = PAST + LAGS  # running mean of the residuals
SUSTAINED_BEFORE = MEAN_BEFORE + 1
FORECAST = SUSTAINED_BEFORE + 1  # the running forecast, as a residual
PLACE = FORECAST + 1  # the season's value here, in swings
SINE, COSINE = PLACE + 1, PLACE + 2  # time of day
# in the series' own unit, for models that say what they expect
DEVIATION = COSINE + 1  # residual in scales, however large
CENTRE, WIDTH, SEASON = DEVIATION + 1, DEVIATION + 2, DEVIATION + 3  # level and season, scale, season alone
SLOT = SEASON + 1  # five minutes of the week
FEATURES = SLOT + 1
OF_NEIGHBOURS = (RESIDUAL, JUMP, RECENT, SUSTAINED, DEPARTURE, ROUGHNESS, YESTERDAY, PAST, PAST + 1, PAST + 2)
OF_REGRESSION = tuple(range(PAST, DEVIATION))

# entries of the rates
STEP, R_LEVEL, R_NEAR, R_FAR, R_HOUR, R_HELD, RATES = range(7)

EXPERT_RATES = np.array([0.8, 0.35, 0.1])
QUICK_RATE, SLOW_RATE, MEAN_RATE = 1 - 0.5 ** (1 / 2.5), 1 - 0.5 ** (1 / 7.5), 1 / 15
WARM = 30  # samples after which the influence of one is limited
CLIP = 4.0  # scales that one sample may move a level or a scale by
CAP = 50.0  # features say no more than this
HELD_CLIP, HELD_FAR, HELD_SECONDS = 8.0, 3.0, 7_200  # when a shift is taken for the new level
LARGEST = 1e30  # samples beyond are taken for this much
GAP_SECONDS, GAP_STEPS = 900, 3  # after so long without a sample the last ones say nothing
