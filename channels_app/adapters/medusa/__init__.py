"""Mercur marketplaces and Medusa shops, which anyone can host."""
