"""One thing is done to many items, in slices, on record, and undone as far as nobody changed them since."""
