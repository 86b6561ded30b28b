"""Numbers as options of commands, called so in errors and in help."""

import click


class Number(click.FloatRange):
    """Takes a number within bounds."""

    name = "number"


class WholeNumber(click.IntRange):
    """Takes a whole number within bounds."""

    name = "whole number"
