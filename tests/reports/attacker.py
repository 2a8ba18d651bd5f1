"""Somebody who has every report for outsiders, knows the rule, and works back to the counts behind it.

Counts are unknown whole numbers within what is seen of each, bound by equations: a whole is the sum of its parts, a
count of a later report is that of the earlier one and some more. A number is safe when there is another world, in which
it differs and every report looks the same. Such worlds are walked through, step by step from the true one.
"""

import random
from dataclasses import dataclass, field
from math import inf

MOST_LOOKED_AT = 300  # numbers, in one step from world to world


@dataclass
class Known:
    """What is seen of each number, the equations between them, and (for the judge alone) the truth."""

    bounds: dict = field(default_factory=dict)
    truth: dict = field(default_factory=dict)
    equations: list = field(default_factory=list)  # (whole, parts)
    used: dict = field(default_factory=dict)

    def see(self, name, bounds, truth):
        assert bounds[0] <= truth <= bounds[1], (name, bounds, truth)
        was = self.bounds.get(name, (0, inf))
        self.bounds[name] = max(was[0], bounds[0]), min(was[1], bounds[1])
        assert self.truth.setdefault(name, truth) == truth, name

    def add_up(self, whole, parts):
        """State that the parts make the whole."""
        assert self.truth[whole] == sum(self.truth[part] for part in parts), (whole, parts)
        for name in (whole, *parts):
            self.used.setdefault(name, []).append(len(self.equations))
        self.equations.append((whole, parts))

    def at_most(self, less, more):
        """State that one number is not above another; the difference is a number as well."""
        gap = (less, "to", more)
        self.see(gap, (0, inf), self.truth[more] - self.truth[less])
        self.add_up(more, (less, gap))

    def recovered(self, tries=20_000):
        """Name the small numbers that are the same in every world that was found."""
        self.chance, world = random.Random(1), dict(self.truth)
        open_names = [name for name, (low, high) in self.bounds.items() if low < high]
        left = [name for name, n in self.truth.items() if 0 < n < 5]
        for attempt in range(tries):
            if not left or not open_names:
                break
            name, step = self.chance.choice((open_names, left)[attempt % 2]), self.chance.choice((1, -1))
            self.looked = 0
            moved = self._changed(world, {}, name, step, [])
            for other, by in (moved or {}).items():
                world[other] += by
            left = [name for name in left if world[name] == self.truth[name]]
        assert all(low <= world[name] <= high for name, (low, high) in self.bounds.items())
        assert all(world[whole] == sum(world[part] for part in parts) for whole, parts in self.equations)
        return left

    def _changed(self, world, moved, name, step, unmended):
        self.looked += 1
        if moved.get(name) == step:
            return self._mended(world, moved, unmended)
        low, high = self.bounds[name]
        if name in moved or self.looked > MOST_LOOKED_AT or not low <= world[name] + step <= high:
            return None
        return self._mended(world, {**moved, name: step}, [*unmended, *self.used.get(name, ())])

    def _mended(self, world, moved, unmended):
        """Bring the equations into order again, one other number at a time."""
        while unmended:
            whole, parts = self.equations[unmended[-1]]
            off = moved.get(whole, 0) - sum(moved.get(part, 0) for part in parts)
            if off:
                break
            unmended = unmended[:-1]
        else:
            return moved
        if abs(off) > 1:
            return None
        ways = [(whole, -off), *((part, off) for part in parts)]
        self.chance.shuffle(ways)
        ways.sort(
            key=lambda way: self.bounds[way[0]][1] < inf and self.chance.random() < 0.9
        )  # nobody sees gaps
        worlds = (
            self._changed(world, moved, name, step, unmended) for name, step in ways if name not in moved
        )
        return next((found for found in worlds if found), None)
