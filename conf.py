"""How Sphinx makes the site of docs/: `make docs`."""

project = "Chuckwalla"
copyright = "the Chuckwalla authors"  # noqa: A001 - Sphinx's name
extensions = ["myst_parser", "sphinxcontrib.mermaid"]

html_theme = "furo"
html_title = "Chuckwalla"
html_copy_source = False
html_show_sphinx = False

# Headings can be linked to, as on GitHub; a link to a file that is no page leads to the file.
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
# What Pygments cannot read is text; recipes have their name behind their language.
highlight_language = "none"
# What a command prints is no Bash, in which the sessions of a console are coloured.
suppress_warnings = ["misc.highlighting_failure"]
