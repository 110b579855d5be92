"""From an address to records: mirrors, pins, carriers, formats, and the rows that they give."""
