"""Pages that show two features or more."""
