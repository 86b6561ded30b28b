"""Count the words of a text, add them to those of all texts, and tell who sent it."""

from my_app.runtime import Arena, JobEnv, JobParams


class Params(JobParams):
    """What the form gave."""

    name: str
    file: str
    text: str


def run(allocator: Arena, params: Params, env: JobEnv) -> None:
    """Run in a worker thread, at least once: a text that is counted again counts once."""
    words = sum(len(line.split()) for line in params.text.splitlines())
    env.current.progress(0.5, "waits for its turn")
    with env.mutex:
        texts = env.store.get("texts") or {}
        env.store.put("texts", {**texts, env.current.id: words})
    mail = env.mail("counted", to=["editor@example.com"], name=params.name, file=params.file)
    mail.params["words"] = words
    mail.deliver("background")
