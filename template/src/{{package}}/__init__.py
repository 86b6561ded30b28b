"""The app: jobs/, mailers/, views/, templates/, public/ and config.py are yours.

runtime/ is the template's, and `copier update` keeps it current.
"""
