"""Support: staff who steer channels."""
