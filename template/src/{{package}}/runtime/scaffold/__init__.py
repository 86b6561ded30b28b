"""Make new files from a generator: a folder of templates in the project's generators/ folder.

A generator is a template of Copier's kind, and `copier copy` renders it to the same files. Here
it is rendered without Copier, whose import alone takes longer than all of this, and in memory:
nothing is written before every file is known to be in nobody's way.
"""
