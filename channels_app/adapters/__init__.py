"""The border to marketplaces. Knows no rows and no Django models: plain values go out, plain values come back."""
