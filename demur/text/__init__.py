"""What a text is, before anything is compared: its form, its units, what kind of answer it reads as."""
