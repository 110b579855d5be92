"""Data, folders and machines that mean harm, or are broken."""
