"""``demur review``: a page on this machine on which a person reads texts, one at a time, and says what they are.

It holds texts that ask for harm, so it answers nobody but the browser that was given its token. What is pressed goes at
once into the files of the curator's loop (`demur.curation`), which every other command reads, too.
"""
