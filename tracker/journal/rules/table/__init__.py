"""The parts of reading a file with a row for each session; `tables` puts them together."""
