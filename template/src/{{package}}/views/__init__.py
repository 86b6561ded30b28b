"""The resources: one file is one resource, its functions are what can be done to it."""
