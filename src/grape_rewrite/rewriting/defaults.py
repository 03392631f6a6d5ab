"""How rewrites are drawn where nothing else is said, in training and everywhere else."""

TEMPERATURE = 0.7
MAX_TOKENS = 16  # where a rewrite is cut off
