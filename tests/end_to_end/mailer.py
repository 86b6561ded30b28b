"""Tell that a text was counted."""

from my_app.runtime import Arena, JobEnv, Mail, Params

defaults = Mail(from_="My App <app@example.com>")


def deliver(allocator: Arena, mail: Mail, params: Params, env: JobEnv) -> None:
    """Name the file in the subject."""
    mail.subject = f"{params['file']} is counted"
