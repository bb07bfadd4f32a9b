"""The closed loop: faults of the lab, diagnosed, told apart by their signatures, mended and retried. See `__main__`."""
