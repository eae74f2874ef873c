"""The sandbox marketplace: a channel to try everything on, and the adapter to copy when writing another."""
