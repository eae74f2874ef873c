"""Walmart Marketplace, United States: items, prices and stock as feeds; orders and returns line by line."""
