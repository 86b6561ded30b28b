"""Mailers: what sends mail, found in mailers/."""
