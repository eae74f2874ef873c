"""The marketplace itself: accounts, listings, stock, orders, buyers. It knows no protocol and no HTTP.

Every function takes the `Market` first and speaks in plain dicts of JSON values, so that any protocol can stand in
front of it. What cannot be done raises one of `errors`.
"""
