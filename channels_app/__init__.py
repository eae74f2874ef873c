"""Channels: the seller's accounts on marketplaces, and the jobs that keep both sides equal."""
