"""How times are written where Django writes them by itself, by language."""
