"""The parts of reading a typed line; `quick_log` puts them together."""
