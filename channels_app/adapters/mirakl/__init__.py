"""Marketplaces that run on Mirakl: one adapter for every operator."""
