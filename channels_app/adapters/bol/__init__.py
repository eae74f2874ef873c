"""bol.com, the marketplace of the Netherlands and Belgium: offers of API version 11, everything else of version 10."""
