"""The yardstick: a small, ordinary Django site, made as `startproject` makes one and nothing of Cairn's."""
