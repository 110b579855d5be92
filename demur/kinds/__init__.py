"""One package for every kind of set; nothing below imports one."""
