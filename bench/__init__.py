"""How fast Cairn's pages are, as ratios to ordinary Django pages measured beside them: `make bench`."""
