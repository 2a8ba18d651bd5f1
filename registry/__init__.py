"""The ground floor: configuration, people, permission and audit. Knows nothing of tumors."""

import gc

# Loading the program makes some million small values without circles, a batch of cases hundreds of thousands; looking
# for circles at every 700th (Python's default) costs a quarter of the time of either.
gc.set_threshold(500_000, 20, 50)
