"""Items and stock from the seller's CSV: read, previewed, confirmed, applied. One file per step, `imports.py` leads."""
