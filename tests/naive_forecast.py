"""The slow and obvious twin of the bank of forecasters: everything is kept, everything is looked up by its bin."""

import itertools
import math

import numpy as np

DAY, WEEK = 288, 2016
LAGS, LEADS = (3, 24, 84, 204), (4, 11, 25, 42, 79, 116, 182, 257)
CENTRES = (7.5, 30.0, 95.0, 221.0)
MEMORY, SCALE_MEMORY = (12, 16, 24, 36), (30, 30, 40, 40)
OUTSIDE = (0.05, 0.05, 0.045, 0.042)
STORED = np.float32  # the kernel keeps most of what it learns in single precision


def shortened(value):
    """Return a number rounded to eight binary digits, as the kernel keeps what need not be known better."""
    if math.isnan(value) or value == 0:
        return value
    part, power = math.frexp(value)
    return math.ldexp(math.copysign(math.floor(abs(part) * 256 + 0.5), part), power - 8)


def rounded(values, slots, bits):
    """Round the values of some slots to a number of steps above a floor, the steps a power of two."""
    there = [slot for slot in slots if slot in values]
    low, high = min(values[slot] for slot in there), max(values[slot] for slot in there)
    reach = max(high - low, 2.0 ** (bits - 23) * max(abs(low), abs(high)))
    step = 2.0 ** math.frexp(reach / (2**bits - 3))[1]
    floor = math.floor(low / step)
    for slot in there:
        values[slot] = (floor + round(values[slot] / step - floor)) * step


def within(step, most):
    """Return a step cut to at most `most` in either direction."""
    return max(-most, min(step, most))


def limit(times, usual, now):
    """Return some times the usual, or no limit where the usual is nothing against what is seen."""
    return times * usual if usual * 1e12 > abs(now) else math.inf


def mean_of(values):
    """Return the mean of what is known, NaN when nothing is."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def trimmed(says, weights):
    """Return the mean of the middle four tenths of the weight, and the mean distance of all from it."""
    known = sorted((say, w) for say, w in zip(says, weights, strict=True) if not math.isnan(say) and w > 0)
    total = sum(w for _, w in known)
    if not known:
        return math.nan, math.nan
    edges = np.concatenate([[0.0], np.cumsum([w for _, w in known])])
    low, high = 0.3 * total, 0.7 * total
    parts = [max(0.0, min(b, high) - max(a, low)) for a, b in itertools.pairwise(edges)]
    middle = sum(part * say for part, (say, _) in zip(parts, known, strict=True)) / (0.4 * total)
    return middle, sum(w * abs(say - middle) for say, w in known) / total


class Bank:
    """One series on the grid: `learn(number, slot, value)` bin after bin without holes, then `say(slot, ahead)`."""

    def __init__(self):
        """Start knowing nothing."""
        self.origin = None
        self.week, self.daily, self.past, self.issued = {}, {}, {}, {}
        self.newest, self.agreed, self.hour, self.aways = {}, {}, None, []
        self.fast, self.slow, self.jump = [math.nan] * 5, [math.nan] * 5, [math.nan] * 5
        self.drift = self.spread = math.nan
        self.errors = np.full((4, 20), math.nan, STORED)
        self.scale, self.discord = np.full(4, math.nan, STORED), np.full(4, math.nan, STORED)
        self.reach = np.full((4, 2), math.nan, STORED)
        self.hours = np.full((4, 24), math.nan)

    def usual(self, slot):
        """Return the median of the days, each without what is particular to its hour of the week."""
        values = [self.plain(s) for day in range(7) if (s := (slot + day * DAY) % WEEK) in self.week]
        return float(np.median(values)) if values else math.nan

    def particular(self, slot):
        """Return by how much two weeks agreed that this hour of the week differs."""
        return float(self.agreed.get(slot % WEEK // 12, 0.0))

    def plain(self, slot):
        """Return the last value of a slot of the week without what is particular to its hour."""
        return float(self.week[slot]) - self.particular(slot)

    def calmed(self, slot, back, known=2):
        """Return the mean of three bins some days back, each within three usual deviations of what is usual.

        Those more than `known` bins after the asked one are older.
        """
        found, most = [], 3 * self.spread if self.spread > 0 else math.inf
        for near in (slot - 1, slot, slot + 1):
            if (near - back * DAY) % WEEK in self.week and near - slot <= known:
                value = self.plain((near - back * DAY) % WEEK)
                found.append(self.usual(near) + within(value - self.usual(near), most))
        return mean_of(found)

    def profiles(self, slot, ahead):
        """Return nothing, the usual day, the last day, the last week, the daily mean."""
        daily = mean_of([self.daily.get(s % DAY, math.nan) for s in range(slot - 3, slot + 4)])
        days = (ahead - 1) // DAY + 1
        profiles = (self.usual(slot), self.calmed(slot, days, days * DAY - ahead), self.calmed(slot, 7), daily)
        return [0.0, *(profile + self.particular(slot) for profile in profiles)]

    def members(self, profiles, levels, ahead, days):
        """Return what all twenty say."""
        fast, slow, drift = levels
        says = [fast[0], slow[0]]
        for k in range(1, 5):
            soon, late = math.exp(-ahead / 48), math.exp(-ahead / 300)
            says += [profiles[k], profiles[k] + fast[k] * soon, profiles[k] + fast[k] * late]
            says += [profiles[k] + slow[k] * late]
        return [*says, profiles[2] + drift * days, fast[0] + drift * ahead / DAY]

    def weights(self, block):
        """Return the fourth power of each member's accuracy, against the best."""
        errors = self.errors[block].astype(float)
        if np.isnan(errors).all():
            return np.zeros(20)
        return np.nan_to_num(((np.nanmin(errors) + 1e-30) / (errors + 1e-30)) ** 4)

    def say(self, slot, ahead):
        """Return point, unit, discord, factor, below, above."""
        days = (ahead - 1) // DAY + 1
        says = self.members(self.profiles(slot, ahead), (self.fast, self.slow, self.drift), ahead, days)
        place = float(np.interp(math.log(ahead), np.log(CENTRES), range(4)))
        near = min(int(place), 2)
        sums = np.zeros(7)
        for block, weight in ((near, near + 1 - place), (near + 1, place - near)):
            if weight > 0:
                point, discord = trimmed(says, self.weights(block))
                told = (self.factor(discord, block), self.scale[block], self.share(block, slot), *self.reach[block])
                sums += weight * np.array([point, discord, *told])
        point, discord, factor, scale, share, below, above = sums
        return point, scale * share * factor, discord, factor, below, above

    def factor(self, discord, block):
        """Return how much wider a disagreement makes the bounds."""
        faint = 0.05 * self.scale[block]
        if not (discord >= 0 and self.discord[block] + faint > 0):
            return 1.0
        return min(max((discord + faint) / (self.discord[block] + faint), 0.2), 5.0) ** 0.375

    def share(self, block, slot):
        """Return the hour's part in the errors."""
        share = float(self.hours[block, slot % DAY // 12])
        return 1.0 if math.isnan(share) else max(share, 0.1)

    def learn(self, number, slot, value):
        """Judge what was said about a bin, learn it, and issue new forecasts every twelfth time."""
        if not math.isnan(value):
            self.origin = value if self.origin is None else self.origin
            value -= self.origin
            profiles = self.profiles(slot, 1)
            self.judge(profiles, number, value)
            for lead in LEADS:
                if number - lead in self.issued:
                    self.check(LEADS.index(lead) // 2, slot, value, self.issued[number - lead][lead])
            self.follow(profiles, value)
            self.compare(profiles[1], slot, value)
            self.store(profiles[1], slot, value)
        if number % 12 == 0:
            self.past[number] = self.kept_levels()
            self.issued[number] = {lead: self.issue(slot, lead) for lead in LEADS}

    def judge(self, profiles, number, value):
        """Let one distance's members answer for what their levels were then."""
        block = number % 5
        if block == 4:
            return
        then = (number - LAGS[block]) // 12 * 12
        nothing = ([math.nan] * 5, [math.nan] * 5, math.nan)
        says = self.members(profiles, self.past.get(then, nothing), number - then, 1)
        errors = self.errors[block]
        least = np.nanmin(errors) if not np.isnan(errors).all() else 0.0
        for k, say in enumerate(says):
            miss = abs(say - value)
            if not math.isnan(miss):
                errors[k] = miss if math.isnan(errors[k]) else errors[k]
                errors[k] += (min(miss, 3 * least if least > 0 else math.inf) - errors[k]) / MEMORY[block]

    def check(self, block, slot, value, waiting):
        """Let bounds learn from an issued forecast."""
        point, unit, factor = waiting
        if math.isnan(point):
            return
        miss, scale = value - point, self.scale[block]
        size = abs(miss) / factor
        if not scale > 0:
            self.scale[block] = size
            self.reach[block] = np.where(np.isnan(self.reach[block]), 2.4, self.reach[block])
            return
        for side, outward in ((0, -miss), (1, miss)):
            if unit > 0:
                self.reach[block, side] *= 1 + 0.01 * ((outward > self.reach[block, side] * unit) - OUTSIDE[block])
        share = self.share(block, slot)
        now = share + (min(size / scale, 10.0) - share) / 40
        self.hours[block, slot % DAY // 12] = max(1, round(now * 4096)) / 4096
        self.scale[block] += (min(size / share, limit(10, scale, size)) - scale) / SCALE_MEMORY[block]

    def follow(self, profiles, value):
        """Let levels follow what the profiles leave over."""
        for k in range(5):
            rest = value - profiles[k]
            if math.isnan(rest):
                continue
            if math.isnan(self.fast[k]):
                self.fast[k], self.slow[k], self.jump[k] = rest, rest, 0.0
            most = limit(8, self.jump[k], rest - self.fast[k])
            miss = within(rest - self.fast[k], most)
            self.fast[k] += miss * (1 - math.exp(-1 / 2))
            self.slow[k] += within(rest - self.slow[k], most) * (1 - math.exp(-1 / 16))
            if k == 2:
                self.drift = rest if math.isnan(self.drift) else self.drift
                self.drift += within(rest - self.drift, limit(3, self.spread, rest - self.drift)) / DAY
            self.jump[k] += (abs(miss) - self.jump[k]) / 50

    def store(self, usual, slot, value):
        """Let the season take the value in."""
        away, calm = abs(value - usual), value
        if not math.isnan(away):
            self.spread = away if math.isnan(self.spread) else self.spread
            most = limit(3, self.spread, away)
            self.spread += (min(away, most) - self.spread) / DAY
            calm = usual + within(value - usual, most)
        calm -= self.particular(slot)
        kept = self.daily.get(slot % DAY, calm)
        self.daily[slot % DAY] = kept + 0.12 * (calm - kept)
        rounded(self.daily, range(slot % DAY // 24 * 24, slot % DAY // 24 * 24 + 24), 16)
        self.week[slot] = value
        rounded(self.week, range(slot // 24 * 24, slot // 24 * 24 + 24), 8)

    def kept_levels(self):
        """Return the levels, all but the first in whole parts of the largest of them."""
        base = float(STORED(self.fast[0]))
        rests = [self.slow[0] - self.fast[0], *self.fast[1:], *self.slow[1:], self.drift]
        largest = max((abs(rest) for rest in rests if not math.isnan(rest)), default=0.0)
        step = 2.0 ** max(-126, math.frexp(largest / 32_767)[1])
        rests = [rest if math.isnan(rest) else round(rest / step) * step for rest in rests]
        return [base, *rests[1:5]], [base + rests[0], *rests[5:9]], rests[9]

    def compare(self, usual, slot, value):
        """Gather an hour's deviations from the usual day; when the next hour begins, see what two weeks agree on."""
        if self.hour != slot // 12:
            if len(self.aways) >= 6:
                self.agree(self.hour, sum(self.aways) / len(self.aways))
            self.hour, self.aways = slot // 12, []
        away = value - usual + self.particular(slot)
        if not math.isnan(away):
            self.aways.append(away)

    def agree(self, hour, now):
        """Keep what this week's hour has in common with the last one's, less the usual deviation."""
        before = float(self.newest.get(hour, math.nan))
        self.newest[hour] = shortened(now)
        if now * before > 0:
            self.agreed[hour] = shortened(math.copysign(max(min(abs(now), abs(before)) - self.spread, 0.0), now))
        elif not math.isnan(before):
            self.agreed[hour] = 0.0

    def issue(self, slot, lead):
        """Return a forecast that will be checked, and learn how far members disagree."""
        point, unit, discord, factor, _, _ = self.say((slot + lead) % WEEK, lead)
        block = LEADS.index(lead) // 2
        usual = self.discord[block]
        if math.isnan(usual):
            self.discord[block] = discord
        elif not math.isnan(discord):
            self.discord[block] += (min(discord, 5 * usual if usual > 0 else math.inf) - usual) / 36
        return STORED(point), shortened(unit), shortened(factor)

    def forecast(self, slot, ahead):
        """Return point, lower and upper."""
        point, unit, _, _, below, above = self.say(slot, ahead)
        point += self.origin
        return point, point - below * unit, point + above * unit
