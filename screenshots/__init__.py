"""Pictures of every page: a real browser walks through a running site, looks at each kind of page once, and judges it."""
