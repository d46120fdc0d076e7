"""How well something sits in memory (memory), and what is asked on which day (asking). Pure."""
