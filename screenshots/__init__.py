"""Pictures of every page: a real browser walks through a running site and judges each kind of page once."""
