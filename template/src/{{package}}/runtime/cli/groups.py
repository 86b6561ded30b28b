"""What the app's groups of commands have in common: they know what was meant."""

import click


class Group(click.Group):
    """A group that answers a misspelt command with the one that comes next to it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command's name, the command, and the arguments that are left for it."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            import difflib  # noqa: PLC0415 - for a mistake only

            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            ctx.fail(f"No such command {name!r}: {hint}")
        return super().resolve_command(ctx, args)
