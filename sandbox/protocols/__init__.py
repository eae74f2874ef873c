"""Protocols: ways in which sellers' software speaks to the marketplace. Each is a router over the same engine."""
