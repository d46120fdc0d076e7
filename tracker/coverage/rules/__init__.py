"""Decisions about framework maps. Pure: no Django, no clock, no database."""
