"""What the seller stocks: items, labels, locations and stock. Knows nothing of channels."""
